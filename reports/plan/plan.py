"""The capacity plan: the types of plan.json."""

from __future__ import annotations

from dataclasses import dataclass, field

from reports.plan.api import PlannedApi
from reports.plan.leaks import LeakCosts
from reports.plan.limit import Limit
from reports.plan.load.offered_load import OfferedLoad
from reports.plan.model import Estimate, Model, Question
from reports.plan.prediction.blocking import Blocking
from reports.plan.prediction.expected import Changes, Expected
from reports.plan.recommendation import Choice, Recommendation
from reports.plan.steps import Steps
from reports.plan.timeout import SURVIVES, Timeout
from reports.plan.what_if import WhatIf

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class PlannedRun:
    """One run behind the plan."""

    run: str
    scenario: str | None
    started: str
    simulated: bool
    """Whether it ran in virtual time, which says nothing about the API's speed."""
    seconds: float
    """Duration of the load."""
    limit: int | None
    doubts: tuple[str, ...]
    """Why its figures cannot be trusted; empty if they can."""


@dataclass(frozen=True)
class Price:
    """The cost of slots, by the scenario's price of an open session."""

    session_minute: float
    slot_hour: float
    """A slot that is always held."""
    today_an_hour: float | None
    """All sessions of today's load."""
    without_leaks_an_hour: float | None


@dataclass(frozen=True)
class Asked:
    """The model's answer to the settings of the command line."""

    question: Question
    answer: Estimate


@dataclass(frozen=True)
class CapacityPlan:
    """The plan. Times are seconds, loads Erlang, shares 0 to 1; null: unknown."""

    schema_version: int
    seed: int
    """The random seed: the same runs and seed give the same plan."""
    warnings: tuple[str, ...]
    """Why its figures cannot be relied on; empty if they can."""
    simulated: bool
    """Whether any of the runs was simulated."""
    runs: tuple[PlannedRun, ...]
    limit: int | None
    """The account's advertised limit."""
    api: PlannedApi
    today: OfferedLoad | None
    """The busiest phase of all runs, which the limit is computed for."""
    offered: tuple[OfferedLoad, ...]
    """The load of each phase of each run."""
    blocking: tuple[Blocking, ...]
    """Of each run as a whole, then of each phase."""
    limits: tuple[Limit, ...]
    price: Price | None
    timeout: Timeout
    leaks: LeakCosts
    steps: Steps
    what_if: WhatIf | None
    expected: Expected | None
    """The prediction for another run, if one was requested."""
    unknown: str | None
    """Why no limit can be computed; None: it can."""
    model: Model | None
    """The load that the plan is for, and what follows from it."""
    recommended: Recommendation | None
    """Limit, idle timeout and keep-alive interval that hold together."""
    choices: tuple[Choice, ...]
    """The single changes that refuse no more than the target."""
    asked: Asked | None
    """The answer for other settings, if some were requested."""


@dataclass(frozen=True)
class PlanOptions:
    """The options of the plan."""

    seed: int = 1
    survives: int = SURVIVES
    changes: Changes = field(default_factory=Changes)
