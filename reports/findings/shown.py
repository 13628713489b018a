"""The sessions that show a finding, asked for in SQL: how many, the first of them, from when to when, and figures of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from reports.analysis.ghosts import LOST_ANSWER
from reports.findings.evidence import MOST_SESSIONS
from reports.log.log import EventLog

IS_LOST = f"coalesce(way, '') = '{LOST_ANSWER}'"
"""Opened by an answer that was lost. Which of several lost answers it was is a guess, and so is when the session was due."""


@dataclass(frozen=True)
class Shown:
    """One or more sessions."""

    n: int
    sessions: tuple[int, ...]
    """The first by our number, at most a hundred."""
    interval: tuple[float, float] | None
    """In seconds of the run."""
    figures: Mapping[str, float]
    """Those that were asked for; 0 where there is none."""


def shown(
    log: EventLog,
    condition: str,
    low: str,
    high: str,
    figures: Mapping[str, str] = MappingProxyType({}),
    **values: Any,
) -> Shown | None:
    """The rows of the table `sessions` that fulfil `condition`; None: there are none.

    `low` and `high`: when a session begins and ceases to show it; `figures`: aggregates by name. All are SQL, with `$name` for
    a value.
    """
    asked = "".join(f", {aggregate} AS {name}" for name, aggregate in figures.items())
    found = log.row(
        f"SELECT count(*) AS n, min(session, {MOST_SESSIONS}) AS first_sessions, min({low}) AS low, max({high}) AS high{asked}"
        f" FROM sessions WHERE {condition}",
        **values,
    )
    if not found["n"]:
        return None
    first, last = found["low"], found["high"]
    interval = None if first is None or last is None else (float(first), float(max(first, last)))
    told = {name: float(found[name] or 0.0) for name in figures}
    return Shown(int(found["n"]), tuple(found["first_sessions"]), interval, told)
