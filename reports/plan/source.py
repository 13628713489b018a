"""Reads what the plan needs of a run: people, phases, population, and reasons for doubt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from loadtests.model.run.manifest import Manifest
from reports.analysis.generator import build_generator
from reports.analysis.hits import build_hits
from reports.analysis.percentiles import percentiles
from reports.analysis.sessions import build_sessions
from reports.analysis.slots import build_slots
from reports.analysis.timings import build_timings
from reports.log.log import EventLog, open_log
from reports.plan.load.offered_load import unknown_stays
from reports.plan.load.people import build_gaps, build_people
from reports.plan.load.phases import Phase, phases_of
from reports.plan.load.population import Population, build_population
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
_SENT = "SELECT count(*) AS n FROM events WHERE kind = 'keep_alive' AND t / 1e9 >= $low AND t / 1e9 < $high"
_LEAST_SLACK = 1.0


@dataclass(frozen=True)
class Source:
    """One run of the plan."""

    manifest: Manifest
    people: pd.DataFrame
    """Who arrived before the load ended."""
    gaps: pd.DataFrame
    phases: list[Phase]
    held: list[float]
    """Mean number of slots held in each phase."""
    population: Population | None
    """None: holding times are unknown."""
    unknown: str | None
    """Why they are unknown."""
    doubts: list[str]
    others: float
    """Mean number of slots held by others."""
    failing: float
    """Share of keep-alives without an answer."""
    slack: float
    """Seconds reserved for the answer to a keep-alive."""
    keep_alives: list[int]
    """Number of keep-alives sent in each phase."""


def read_source(run: Path) -> Source:
    """Read the run in the directory. Raises InputError if it holds no readable run."""
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
    phases = phases_of(manifest, log_end)
    people = build_people(log, log_end)
    end = phases[-1].high if phases else 0.0
    people = people[people["t"] < end].reset_index(drop=True)
    foreign = [
        (float(row["low"]), float(row["high"]))
        for row in log.records("SELECT low, high FROM segments WHERE holder = 'others'")
    ]
    answers = log.row(_ANSWERS)
    unplanned = int(people["used"].isna().sum())
    unknown = None
    if people.empty:
        unknown = "no session was requested"
    elif unplanned:
        unknown = unknown_stays(unplanned)
    population = (
        None
        if unknown
        else build_population(people, manifest, phases, answer=float(answers["refusal"]), others=foreign)
    )
    return Source(
        manifest,
        people,
        build_gaps(log, log_end, float(CANDIDATES[0])),
        phases,
        [float(log.row(_HELD, low=phase.low, high=phase.high)["mean"]) for phase in phases],
        population,
        unknown,
        build_generator(log, build_timings(log), log_end).doubts,
        slots.seconds["others"] / max(end, 1e-9),
        int(answers["failed"]) / int(answers["sent"]) if answers["sent"] else 0.0,
        max(_LEAST_SLACK, 2 * (percentiles(log, _ACKNOWLEDGED).p99 or 0.0)),
        [int(log.row(_SENT, low=phase.low, high=phase.high)["n"]) for phase in phases],
    )
