"""Selects the worst leaked sessions, each of which is drawn as a bar from its opening to its end."""

from __future__ import annotations

from typing import Any

import pandas as pd

MOST_BARS = 40


def worst_leaks(leaks: pd.DataFrame, log_end: float, most: int) -> pd.DataFrame:
    """Return at most `most` of the leaked sessions: those first that cost the most refusals, then slot time.

    Additional column: `end` (that of the log if the leak's end was not observed).
    """
    leaks = leaks.assign(end=leaks["ended"].astype(float).fillna(log_end))
    return leaks.sort_values(
        ["refusals", "hits", "slot_seconds", "session"], ascending=[False, False, False, True]
    ).head(most)


def bars(leaks: pd.DataFrame, log_end: float) -> list[dict[str, Any]]:
    """Return the worst leaks in the order of time, in seconds of the run. A leak whose end was not observed ends with the log;
    `last` is the end of what is drawn.
    """
    rows = worst_leaks(leaks, log_end, MOST_BARS).sort_values(["left_at", "session"])
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
            "last": max(row["end"], min(float(row["due_high"]), log_end)),
            "is_open": bool(pd.isna(row["ended"])),
        }
        for row in rows.to_dict("records")
    ]
