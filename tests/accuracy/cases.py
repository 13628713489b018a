"""Ten pairs of hours: the one that is seen, and the one that is foreseen, with another limit and another share of leaks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from loadtests.model.run.scenario import Scenario, load_scenario
from loadtests.scenarios.catalogue import folders

SCENARIO = Path(__file__).with_name("scenario.toml")


@dataclass(frozen=True)
class Hour:
    """One load on one account."""

    limit: int
    arrivals: float
    """A minute."""
    leak_share: float
    idle_timeout: int
    retries: int

    @property
    def scenario(self) -> Scenario:
        """As a scenario."""
        return _scenario(self)


@dataclass(frozen=True)
class Case:
    """A pair of hours."""

    seed: int
    """Of the one that is seen."""
    seen: Hour
    limit: int
    """Of the other one, as is…"""
    leak_share: float

    @property
    def foreseen(self) -> Hour:
        """The other hour."""
        seen = self.seen
        return Hour(self.limit, seen.arrivals, self.leak_share, seen.idle_timeout, seen.retries)


CASES = (
    Case(1, Hour(170, 300, 0.10, 60, 0), 175, 0.20),
    Case(2, Hour(150, 300, 0.00, 60, 0), 172, 0.15),
    Case(3, Hour(195, 240, 0.30, 90, 0), 145, 0.10),
    Case(4, Hour(200, 300, 0.10, 120, 0), 170, 0.05),
    Case(5, Hour(125, 240, 0.05, 60, 0), 142, 0.25),
    Case(6, Hour(170, 300, 0.10, 60, 2), 186, 0.20),
    Case(7, Hour(172, 240, 0.20, 90, 2), 138, 0.05),
    Case(8, Hour(195, 360, 0.05, 75, 1), 262, 0.30),
    Case(9, Hour(145, 240, 0.15, 60, 3), 157, 0.25),
    Case(10, Hour(325, 400, 0.20, 120, 2), 235, 0.05),
)
"""Each hour holds so many people, and refuses so few of them, that its own chance leaves a plan a percentage point."""


@cache
def _scenario(hour: Hour) -> Scenario:
    timeout, retries = f"{hour.idle_timeout}", f"{{ retries = {hour.retries}, backoff = '3s' }}"
    changes = {"limit": f"{hour.limit}"}
    for name, share in (("caller", 1 - hour.leak_share), ("leaver", hour.leak_share)):
        changes[f"stages.0.load.{name}"] = f'"{hour.arrivals * share!r}/min"'
        changes[f"profiles.{name}.idle_timeout"] = timeout
        changes[f"profiles.{name}.on_refusal"] = retries
    return load_scenario(SCENARIO, folders(), changes)
