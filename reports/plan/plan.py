"""The capacity plan: what plan.json holds and the page shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from reports.plan.blocking import Blocking
from reports.plan.expected import Changes, Expected
from reports.plan.leaks import LeakCosts
from reports.plan.limit import Limit
from reports.plan.offered import Offered
from reports.plan.steps import Steps
from reports.plan.timeout import SURVIVES, Timeout
from reports.plan.what_if import WhatIf

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class PlannedRun:
    """One run that the plan is made of."""

    run: str
    scenario: str | None
    started: str
    simulated: bool
    """In virtual time: says nothing about the API's speed."""
    seconds: float
    """Of load."""
    limit: int | None
    doubts: tuple[str, ...]
    """Why its figures cannot be trusted; none: they can."""


@dataclass(frozen=True)
class Price:
    """What slots cost, by the scenario's price of an open session."""

    session_minute: float
    slot_hour: float
    """A slot that is held all the time."""
    today_an_hour: float | None
    """All sessions of today's load."""
    without_leaks_an_hour: float | None


@dataclass(frozen=True)
class CapacityPlan:
    """The plan. Times are seconds, loads Erlang, shares 0 to 1; null: it cannot be told."""

    schema_version: int
    seed: int
    """Of everything that is drawn: the same runs and seed give the same plan."""
    warnings: tuple[str, ...]
    """What to know before any figure is used."""
    simulated: bool
    """Whether any of the runs was in virtual time."""
    runs: tuple[PlannedRun, ...]
    limit: int | None
    """The account's, as advertised."""
    today: Offered | None
    """The busiest stretch of all runs: what the limit is asked for by."""
    offered: tuple[Offered, ...]
    """Of every stretch of every run."""
    blocking: tuple[Blocking, ...]
    """Of every run as a whole, then of every stretch."""
    limits: tuple[Limit, ...]
    price: Price | None
    timeout: Timeout
    leaks: LeakCosts
    steps: Steps
    what_if: WhatIf | None
    expected: Expected | None
    """Of another run, if one was asked about."""
    unknown: str | None
    """Why no limit can be told; None: it can."""


@dataclass(frozen=True)
class PlanOptions:
    """What the plan is asked for."""

    seed: int = 1
    survives: int = SURVIVES
    changes: Changes = field(default_factory=Changes)
