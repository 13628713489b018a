"""The load over time: the number of Locust users of each profile at a moment, and the load of each.

A scenario states persons, or arrivals a minute. A Locust user is one person, or one *stream* of arrivals. The number of
streams is rounded up and the rate of each adjusted, so that neither rounding nor a small `-u` distorts the mix of arrivals.
The number of persons of the closed model is rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.model.people.profile import Profile
from loadtests.model.run.scenario import Scenario, Stage
from loadtests.model.text.input_error import InputError
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, percent


@dataclass(frozen=True)
class LoadPlan:
    """The load of `scenario`, multiplied by `scale`."""

    scenario: Scenario
    scale: float = 1.0

    @classmethod
    def for_users(cls, scenario: Scenario, users: int) -> LoadPlan:
        """Returns the plan whose maximum of Locust users is about `users` (Locust's `-u`).

        With the scenario's own maximum, it is the unscaled scenario. Raises InputError if there is no load to scale.
        """
        own = cls(scenario)
        if not own.peak_users():
            raise InputError.of("--users", f"the scenario {scenario.name!r} has no load to scale")
        # By the exact peak, not the rounded one: a user with a fraction of the load would be scaled as a whole user.
        return own if users == own.peak_users() else cls(scenario, users / own._exact_peak())

    def load(self, profile: str, t: float) -> float:
        """Returns arrivals a second, or persons, of `profile` at second `t`. The load of the last stage continues after it."""
        before = 0.0
        start = 0.0
        for stage in self.scenario.stages:
            current = _amount(stage, profile)
            if t < start + stage.ramp:
                return self.scale * (before + (current - before) * (t - start) / stage.ramp)
            if t < start + stage.duration:
                return self.scale * current
            before, start = current, start + stage.duration
        return self.scale * before

    def total(self, profile: str, t: float) -> float:
        """Returns the integral of `load` up to second `t`: the arrivals until then, or the seconds of all persons."""
        before = start = area = 0.0
        for stage in self.scenario.stages:
            current = _amount(stage, profile)
            if t <= start:
                break
            ramping = min(t - start, stage.ramp)
            steady = min(t - start, stage.duration) - ramping
            area += before * ramping + current * steady
            if stage.ramp:
                area += (current - before) * ramping**2 / (2 * stage.ramp)
            before, start = current, start + stage.duration
        return self.scale * (area + before * max(0.0, t - start))

    def peak(self, profile: str) -> float:
        """Returns the maximum load of `profile`."""
        return self.scale * max(_amount(stage, profile) for stage in self.scenario.stages)

    def users(self, profile: str, t: float) -> int:
        """Returns the Locust users of `profile` at second `t`."""
        return self._users(profile, self.load(profile, t))

    def all_users(self, t: float) -> dict[str, int]:
        """Returns the Locust users of each profile at second `t`."""
        return {name: self.users(name, t) for name in self.scenario.profiles}

    def peak_users(self) -> int:
        """Returns the maximum of Locust users."""
        return max(sum(self.all_users(t).values()) for t in self._corners())

    def line(self) -> str:
        """Returns what Locust's users are, as one line of text: there are usually more of them than sessions."""
        peak = max(map(self.all_users, self._corners()), key=lambda users: sum(users.values()))
        models = {name: profile.arrivals.model for name, profile in self.scenario.profiles.items()}
        streams = sum(number for name, number in peak.items() if models[name] == "open")
        share = "" if self.scale == 1 else f" ({percent(self.scale)} of the scenario's load)"
        return (
            f"Locust users: at most {sum(peak.values()):,}{share}: {count(streams, 'stream')} of arriving visitors and"
            f" {count(sum(peak.values()) - streams, 'visitor')} who stay"
        )

    def stream_rate(self, profile: str, t: float) -> float:
        """Returns the arrivals a second of one stream of `profile` at second `t` (open model)."""
        streams = self.users(profile, t)
        return self.load(profile, t) / streams if streams else 0.0

    def stream_peak(self, profile: str) -> float:
        """Returns an upper bound on `stream_rate`."""
        return self._profile(profile).users_each

    def stage(self, t: float) -> str:
        """Returns the name of the stage at second `t`; "" after the last."""
        for start, stage in self._starts():
            if start <= t < start + stage.duration:
                return stage.name
        return ""

    def _profile(self, name: str) -> Profile:
        return self.scenario.profiles[name]

    def _users(self, profile: str, load: float) -> int:
        # Slightly less, so that binary fractions do not turn 60 streams of "1/min" for "60/min" into 61.
        return math.ceil(load / self._profile(profile).users_each - 1e-9)

    def _exact_peak(self) -> float:
        """Returns the maximum of users, not rounded."""
        profiles = self.scenario.profiles.items()
        return max(sum(self.load(name, t) / profile.users_each for name, profile in profiles) for t in self._corners())

    def _starts(self) -> Iterator[tuple[float, Stage]]:
        start = 0.0
        for stage in self.scenario.stages:
            yield start, stage
            start += stage.duration

    def _corners(self) -> Iterator[float]:
        # The load is linear between these times, so its maximum is at one of them.
        for start, stage in self._starts():
            yield start
            yield start + stage.ramp
            yield math.nextafter(start + stage.duration, 0.0)


def other_length(scenario: Scenario, seconds: float) -> str:
    """Says which stages a load of `seconds`, which is not the scenario's length, cuts or lengthens."""
    total, last = scenario.duration, scenario.stages[-1]
    if seconds < total:
        return f"The load ends after {format_duration(seconds)} of {format_duration(total)}."
    name = last.name or "without a name"
    lasts = format_duration(last.duration + seconds - total)
    return (
        f"The last stage ({name}) lasts {lasts} instead of {format_duration(last.duration)}; the others are unchanged."
    )


def _amount(stage: Stage, profile: str) -> float:
    load = stage.load.get(profile)
    return load.amount if load else 0.0
