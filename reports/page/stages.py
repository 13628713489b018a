"""Reads the stages of a run, and its end, from the log."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from reports.log.log import EventLog

ENDING = "the end"
"""The name of the time after the load: leaks are observed, other sessions closed."""


class StageSpan(NamedTuple):
    """One stage; times are seconds of the run."""

    name: str
    low: float
    high: float


def build_stages(log: EventLog, log_end: float) -> list[StageSpan]:
    """Return the stages in the order of time; the last lasts until the load ends."""
    begun = [(str(row["name"]), float(row["low"])) for row in log.records(_STAGES)]
    load_ended = log.manifest.load_ended
    if begun and load_ended is not None and load_ended < log_end:
        begun.append((ENDING, load_ended))
    marks = [*begun, ("", log_end)]
    return [StageSpan(name, low, high) for (name, low), (_, high) in pairwise(marks) if high > low]


_STAGES = "SELECT detail AS name, t / 1e9 AS low FROM events WHERE kind = 'stage' ORDER BY t"
