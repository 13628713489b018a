"""Compares the load that a run offered with the load that its scenario states, stage by stage and profile by profile."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from loadtests.model.run.plan import LoadPlan
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, of_total, percent
from reports.log.log import EventLog

LEAST_SHARE = 0.9
"""A stage that offered less of its arrivals than this did not test what the scenario states."""
_DEVIATIONS = 4.0
"""And it must be fewer than chance explains: arrivals are a Poisson process, whose variance is its mean."""
_START_SECONDS = 3.0
"""At the start of a stage, Locust adds users once a second: arrivals of this time are not expected."""
LEAST_EXPECTED = 10.0
"""A profile of which fewer persons were expected may have had none by chance (probability 5e-5)."""
LEAST_PER_WORKER = 20
"""Persons per worker above which none at one worker is not chance."""
MOST_WITHHELD = 0.1
"""Share of the requests for a session that a guard of the run may withhold."""
_CELLS = 200

_ARRIVALS = """
SELECT profile, count(*) AS n FROM events WHERE kind = 'arrive' AND t / 1e9 >= $low AND t / 1e9 < $high GROUP BY profile
"""
_BY_WORKER = "SELECT worker, count(*) AS n FROM events WHERE kind = 'arrive' GROUP BY worker"
_NEW = """
SELECT count(*) FILTER (outcome = 'withheld') AS withheld, count(*) AS n FROM events WHERE kind = 'new'
"""


@dataclass(frozen=True)
class _Part:
    """A stage of the run; times are seconds of the run."""

    name: str
    low: float
    high: float


Expected = Mapping[_Part, Mapping[str, float]]
"""By stage and profile: arrivals (open model) or person-seconds (closed model)."""


def load_shortfalls(log: EventLog, log_end: float) -> list[str]:
    """Returns how the load fell short of the scenario's; empty if it did not. Each keeps a run from passing."""
    manifest = log.manifest
    until = manifest.load_ended if manifest.load_ended is not None else log_end
    found: list[str] = []
    if manifest.plan:
        expected = _expected_by_part(manifest.plan, until)
        found += _missing_profiles(log, manifest.plan, expected)
        found += _light_stages(log, manifest.plan, expected)
    return found + _idle_workers(log) + _withheld(log)


def _expected_by_part(plan: LoadPlan, until: float) -> Expected:
    return {
        part: {name: _expected(plan, name, part) for name in plan.scenario.profiles} for part in _parts(plan, until)
    }


def _light_stages(log: EventLog, plan: LoadPlan, by_part: Expected) -> Iterator[str]:
    open_profiles = [name for name, profile in plan.scenario.profiles.items() if profile.arrivals.model == "open"]
    for part, by_profile in by_part.items():
        offered = _offered(log, part)
        expected = sum(by_profile[name] for name in open_profiles)
        came = sum(offered.get(name, 0) for name in open_profiles)
        if came < LEAST_SHARE * expected and came < expected - _DEVIATIONS * math.sqrt(expected):
            yield (
                f"stage {part.name!r} offered {came:,} of about {count(round(expected), 'arrival')}"
                f" ({percent(came / expected)} of its load)"
            )


def _missing_profiles(log: EventLog, plan: LoadPlan, by_part: Expected) -> Iterator[str]:
    offered = _offered(log, _Part("", 0.0, math.inf))
    for name, profile in plan.scenario.profiles.items():
        expected = sum(by_profile[name] for by_profile in by_part.values())
        if profile.arrivals.model == "closed":
            # Persons, not arrivals: one who is expected for a while arrives at its start.
            expected = LEAST_EXPECTED if expected >= LEAST_EXPECTED else 0.0
        if expected >= LEAST_EXPECTED and not offered.get(name):
            yield f"nobody of the profile {name!r} arrived"


def _idle_workers(log: EventLog) -> list[str]:
    workers = log.manifest.workers
    by_worker = {int(row["worker"]): int(row["n"]) for row in log.records(_BY_WORKER)}
    if workers < 2 or sum(by_worker.values()) < LEAST_PER_WORKER * workers:
        return []
    idle = workers - sum(number > 0 for number in by_worker)
    return [f"{of_total(idle, workers, 'worker')} had no users"] if idle > 0 else []


def _withheld(log: EventLog) -> list[str]:
    new = log.row(_NEW)
    withheld, n = int(new["withheld"] or 0), int(new["n"] or 0)
    if withheld <= MOST_WITHHELD * n:
        return []
    return [f"guards of the run withheld {of_total(withheld, n, 'request')} for a session"]


def _parts(plan: LoadPlan, until: float) -> Iterator[_Part]:
    start = 0.0
    for stage in plan.scenario.stages:
        low, high = start + _START_SECONDS, min(start + stage.duration, until)
        if high > low:
            yield _Part(stage.name or f"from {format_duration(start)}", low, high)
        start += stage.duration


def _expected(plan: LoadPlan, profile: str, part: _Part) -> float:
    """Returns the arrivals (open model) or person-seconds (closed model) of a stage."""
    width = (part.high - part.low) / _CELLS
    return width * sum(plan.load(profile, part.low + (cell + 0.5) * width) for cell in range(_CELLS))


def _offered(log: EventLog, part: _Part) -> dict[str, int]:
    rows = log.records(_ARRIVALS, low=part.low, high=min(part.high, 1e15))
    return {str(row["profile"]): int(row["n"]) for row in rows}
