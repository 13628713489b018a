"""Chooses the sessions that the page shows one by one: all of a small run, the most unusual of a large one.

Each class of sessions (ghosts and overdue ones, then fate by fate, the worst first) gets up to an equal share of places, spread
over the run; places that small classes do not need go to the others in that order. Sessions named by findings come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reports.findings.finding import Finding

MOST_SESSIONS = 400
NAMED_BY_A_FINDING = 8
"""Sessions of each finding that are always shown."""

LONGEST_TEXT = 128

LEAKED, EXPECTED = "leaked-reaped", "closed"
INTEREST = (
    "ghost",
    "overdue",
    "lingering",
    "leaked-late",
    "leaked-early",
    "dropped",
    "stop-failed",
    "unobserved",
    "expired",
    "swept",
    LEAKED,
    "capped",
    "censored",
    EXPECTED,
)
"""Classes of sessions, the most unusual first: fates, ghosts, and overdue sessions that were swept."""


@dataclass(frozen=True)
class Choice:
    """The sessions that are shown, and their counts."""

    sessions: pd.DataFrame
    """Rows of the table `sessions`, the most unusual first, with a column `class`."""
    shown: dict[str, tuple[int, int]]
    """By class: sessions shown, and all sessions."""

    @property
    def total(self) -> int:
        """Number of sessions of the run."""
        return sum(of for _, of in self.shown.values())


def choose_sessions(sessions: pd.DataFrame, findings: Sequence[Finding], most: int = MOST_SESSIONS) -> Choice:
    """Choose at most `most` of `sessions`."""
    # A long run has a large table: only the columns that decide are copied.
    ranked = sessions[["session", "opened"]].assign(**{"class": _classes(sessions)})
    named = {number for finding in findings for number in finding.sessions[:NAMED_BY_A_FINDING]}
    first = ranked[ranked["session"].isin(named)].head(most)
    rest = ranked.drop(first.index)
    wanted = rest["class"].value_counts()
    places = _shares([int(wanted[name]) for name in INTEREST], most - len(first))
    picked = [_spread(rest[rest["class"] == name], n) for name, n in zip(INTEREST, places, strict=True)]
    chosen = pd.concat([first, *picked]).sort_values(["class", "opened"])
    totals, counts = ranked["class"].value_counts(), chosen["class"].value_counts()
    shown = {name: (int(counts[name]), int(totals[name])) for name in INTEREST if totals[name]}
    return Choice(sessions.loc[chosen.index].assign(**{"class": chosen["class"]}), shown)


def _classes(sessions: pd.DataFrame) -> pd.Categorical:
    is_overdue = sessions["overdue"].astype(bool) & (sessions["fate"] == "swept")
    names = sessions["fate"].astype("object").mask(is_overdue, "overdue").mask(sessions["ghost"].astype(bool), "ghost")
    return pd.Categorical(names, INTEREST, ordered=True)


def _shares(wanted: Sequence[int], places: int) -> list[int]:
    """Return the places of each class: at most an equal share, then the rest in the order given."""
    given = [0] * len(wanted)
    classes = sum(n > 0 for n in wanted)
    for number, n in enumerate(wanted):
        given[number] = min(n, places // max(classes, 1))
    left = places - sum(given)
    for number, n in enumerate(wanted):
        more = min(n - given[number], left)
        given[number] += more
        left -= more
    return given


def _spread(rows: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return `n` of the rows, evenly spaced, with the first and the last."""
    positions: Iterable[int] = np.unique(np.linspace(0, len(rows) - 1, n).round().astype(int)) if n else []
    return rows.iloc[list(positions)]


def explorer_rows(
    choice: Choice, found: Mapping[int, Sequence[str]], timelines: Mapping[int, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the chosen sessions with their timelines; times are whole milliseconds of the run, or None. `found`: the names of
    findings by session.
    """
    rows = []
    for row in choice.sessions.to_dict("records"):
        number = int(row["session"])
        rows.append(
            {
                "n": number,
                "id": clipped(row["id"]),
                **{name: clipped(row[name]) for name in ("profile", "fate", "way")},
                **{name: bool(row[name]) for name in ("ghost", "overdue")},
                **{name: _milliseconds(row[column]) for name, column in _TIMES.items()},
                "due": [_milliseconds(row["due_low"]), _milliseconds(row["due_high"])],
                "end": [_milliseconds(row["end_low"]), _milliseconds(row["end_high"])],
                "findings": list(found.get(number, ())),
                **timelines[number],
            }
        )
    return rows


_TIMES = {"opened": "opened", "ended": "ended", "left": "left_at", "idle": "idle_timeout", "cap": "cap"}


def clipped(text: Any) -> str:
    """Return a text from the log, cut to the length that a page shows."""
    if pd.isna(text):
        return ""
    return str(text) if len(str(text)) <= LONGEST_TEXT else f"{str(text)[:LONGEST_TEXT]}…"


def _milliseconds(seconds: Any) -> int | None:
    return None if pd.isna(seconds) or not np.isfinite(seconds) else round(float(seconds) * 1000)
