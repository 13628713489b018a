"""The leaked sessions, each a bar from its opening to its end: the worst, as many as a screen shows."""

from __future__ import annotations

from typing import Any

import pandas as pd

MOST_BARS = 40
URGENT = ("lingering", "unobserved", "leaked-late", "swept", "leaked-early")


def worst_leaks(sessions: pd.DataFrame, log_end: float, most: int) -> pd.DataFrame:
    """At most `most` of the leaks in the table `sessions`: those that lingered first, then those that held a slot longest.

    Columns more: `end` (that of the log for a leak whose end nobody saw) and `tail` (seconds from leaving to `end`).
    """
    leaks = sessions[sessions["leak"]].copy()
    urgency = [URGENT.index(fate) if fate in URGENT else len(URGENT) for fate in leaks["fate"]]
    leaks["end"] = leaks["ended"].astype(float).fillna(log_end)
    leaks["tail"] = (leaks["end"] - leaks["left_at"]).clip(lower=0.0)
    ranked = leaks.assign(urgency=urgency).sort_values(["urgency", "tail", "session"], ascending=[True, False, True])
    return ranked.head(most)


def bars(sessions: pd.DataFrame, log_end: float) -> list[dict[str, Any]]:
    """The worst leaks from top to bottom in the order of time; seconds of the run. A leak whose end nobody saw ends with the
    log; `last` is where what is drawn of it ends.
    """
    rows = worst_leaks(sessions, log_end, MOST_BARS).sort_values(["left_at", "session"])
    return [
        {
            "session": int(row["session"]),
            "way": str(row["way"]),
            "fate": str(row["fate"]),
            "opened": float(row["opened"]),
            "left": float(row["left_at"]),
            "due_low": float(row["due_low"]),
            "due_high": float(row["due_high"]),
            "ended": float(row["end"]),
            "last": min(max(row["end"], float(row["due_low"])), log_end),
            "is_open": bool(pd.isna(row["ended"])),
        }
        for row in rows.to_dict("records")
    ]
