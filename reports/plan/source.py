"""One run as the plan reads it: its people, its loads, its crowd, and what makes it doubtful."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from loadtests.model.run.manifest import Manifest
from reports.analysis.generator import build_generator
from reports.analysis.hits import build_hits
from reports.analysis.latency import percentiles
from reports.analysis.sessions import build_sessions
from reports.analysis.slots import build_slots
from reports.log.log import EventLog, open_log
from reports.plan.crowd import Crowd, build_crowd
from reports.plan.people import build_gaps, build_people
from reports.plan.stretches import Stretch, stretches_of
from reports.plan.timeout import CANDIDATES

_ANSWERS = """
SELECT coalesce(median(latency) FILTER (kind = 'new'), 0) / 1e9 AS refusal,
    count(*) FILTER (kind = 'keep_alive') AS sent,
    count(*) FILTER (kind = 'keep_alive' AND outcome = 'unknown') AS failed
FROM events
"""
_ACKNOWLEDGED = "SELECT latency / 1e9 AS v FROM events WHERE kind = 'keep_alive' AND outcome = 'ok'"
_HELD = """
SELECT coalesce(sum(least(high, $high) - greatest(low, $low)), 0) / ($high - $low) AS mean FROM segments
WHERE low < $high AND high > $low
"""
_LEAST_SLACK = 1.0


@dataclass(frozen=True)
class Source:
    """A run's part of the plan."""

    manifest: Manifest
    people: pd.DataFrame
    """Of the load: whoever came later is none of it."""
    gaps: pd.DataFrame
    stretches: list[Stretch]
    held: list[float]
    """Of each stretch, slots held on average."""
    crowd: Crowd | None
    """None: what people held is not known."""
    unknown: str | None
    doubts: list[str]
    others: float
    """Slots held by others on average."""
    failing: float
    """Keep-alives without an answer, as a share."""
    slack: float
    """Seconds that a keep-alive may take until it counts."""


def read_source(run: Path) -> Source:
    """What the plan needs of a run; raises InputError if there is none that can be read."""
    log = open_log(run)
    try:
        return _read(log)
    finally:
        log.close()


def _read(log: EventLog) -> Source:
    log_end = float(log.row("SELECT max(t + latency) / 1e9 AS t FROM events")["t"] or 0.0)
    build_sessions(log)
    slots = build_slots(log, log_end)
    build_hits(log)
    manifest = log.manifest
    stretches = stretches_of(manifest, log_end)
    people = build_people(log, log_end)
    end = stretches[-1].high if stretches else 0.0
    people = people[people["t"] < end].reset_index(drop=True)
    strangers = [
        (float(row["low"]), float(row["high"]))
        for row in log.records("SELECT low, high FROM segments WHERE holder = 'others'")
    ]
    told = log.row(_ANSWERS)
    unplanned = int(people["used"].isna().sum())
    unknown = None
    if people.empty:
        unknown = "nobody asked for a session"
    elif unplanned:
        unknown = (
            f"nobody knows how long {unplanned} of those who were refused, or still there at the end, meant to stay"
        )
    crowd = (
        None if unknown else build_crowd(people, manifest, stretches, answer=float(told["refusal"]), others=strangers)
    )
    return Source(
        manifest,
        people,
        build_gaps(log, log_end, float(CANDIDATES[0])),
        stretches,
        [float(log.row(_HELD, low=each.low, high=each.high)["mean"]) for each in stretches],
        crowd,
        unknown,
        build_generator(log, log_end).doubts,
        slots.seconds["others"] / max(end, 1e-9),
        int(told["failed"]) / int(told["sent"]) if told["sent"] else 0.0,
        max(_LEAST_SLACK, 2 * (percentiles(log, _ACKNOWLEDGED).p99 or 0.0)),
    )
