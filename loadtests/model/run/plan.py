"""The load over time: how many Locust users of each profile there are at a moment, and what each of them stands for.

A scenario states persons, or arrivals a minute; a Locust user is one person, or one *stream* of arrivals. The number of
streams is rounded up, the rate of each is then made exact, so that neither rounding nor a small `-u` distorts the mix of
arrivals. Persons of the closed model are whole, and rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.model.people.profile import Profile
from loadtests.model.run.scenario import Scenario, Stage
from loadtests.model.text.input_error import InputError


@dataclass(frozen=True)
class LoadPlan:
    """`scenario`, with all its loads multiplied by `scale`."""

    scenario: Scenario
    scale: float = 1.0

    @classmethod
    def for_users(cls, scenario: Scenario, users: int) -> LoadPlan:
        """The plan whose highest number of Locust users is about `users` (Locust's `-u`).

        As many as the scenario has by itself are the scenario as it stands. Raises InputError if it has no load that could be
        scaled.
        """
        own = cls(scenario)
        if not own.peak_users():
            raise InputError.of("--users", f"the scenario {scenario.name!r} has no load that could be scaled")
        # Not of the number that was rounded up: a user who stands for a fraction of one would be multiplied as a whole.
        return own if users == own.peak_users() else cls(scenario, users / own._exact_peak())

    def load(self, profile: str, t: float) -> float:
        """Arrivals a second, or persons, of `profile` at second `t`. After the last stage its load stays."""
        before = 0.0
        start = 0.0
        for stage in self.scenario.stages:
            here = _amount(stage, profile)
            if t < start + stage.ramp:
                return self.scale * (before + (here - before) * (t - start) / stage.ramp)
            if t < start + stage.duration:
                return self.scale * here
            before, start = here, start + stage.duration
        return self.scale * before

    def peak(self, profile: str) -> float:
        """The highest load of `profile`."""
        return self.scale * max(_amount(stage, profile) for stage in self.scenario.stages)

    def users(self, profile: str, t: float) -> int:
        """Locust users of `profile` at second `t`."""
        return self._users(profile, self.load(profile, t))

    def all_users(self, t: float) -> dict[str, int]:
        """Locust users of each profile at second `t`."""
        return {name: self.users(name, t) for name in self.scenario.profiles}

    def peak_users(self) -> int:
        """The highest number of Locust users at any moment."""
        return max(sum(self.all_users(t).values()) for t in self._corners())

    def stream_rate(self, profile: str, t: float) -> float:
        """Arrivals a second of one stream of `profile` at second `t` (open model)."""
        streams = self.users(profile, t)
        return self.load(profile, t) / streams if streams else 0.0

    def stream_peak(self, profile: str) -> float:
        """A bound on `stream_rate`: what a stream of this profile stands for, or less."""
        return self._profile(profile).users_each

    def stage(self, t: float) -> str:
        """The name of the stage at second `t`; "" after the last."""
        for start, stage in self._starts():
            if start <= t < start + stage.duration:
                return stage.name
        return ""

    def _profile(self, name: str) -> Profile:
        return self.scenario.profiles[name]

    def _users(self, profile: str, load: float) -> int:
        # A hair off, so that 60 streams of "1/min" for "60/min" do not become 61 by binary fractions.
        return math.ceil(load / self._profile(profile).users_each - 1e-9)

    def _exact_peak(self) -> float:
        """The highest number of users at any moment, fractions of one included."""
        profiles = self.scenario.profiles.items()
        return max(sum(self.load(name, t) / one.users_each for name, one in profiles) for t in self._corners())

    def _starts(self) -> Iterator[tuple[float, Stage]]:
        start = 0.0
        for stage in self.scenario.stages:
            yield start, stage
            start += stage.duration

    def _corners(self) -> Iterator[float]:
        # The load is linear between these, so its highest value is at one of them.
        for start, stage in self._starts():
            yield start
            yield start + stage.ramp
            yield math.nextafter(start + stage.duration, 0.0)


def _amount(stage: Stage, profile: str) -> float:
    load = stage.load.get(profile)
    return load.amount if load else 0.0
