"""Simulated days, and which of their parameters come back within their intervals."""

from __future__ import annotations

import tempfile
from pathlib import Path

from loadtests.model.people.profile import Profile, Way
from loadtests.model.run.scenario import Scenario, load_scenario
from loadtests.scenarios.catalogue import folders
from reports.fit.choice import Fitted
from reports.fit.estimate import Estimate
from reports.fit.fitting import FitOptions, build_fit
from reports.fit.person import FittedPerson

from ..accuracy.hours import recorded

SCENARIO = Path(__file__).with_name("days.toml")
LEAST = 0.9
"""The share of seeds in which a parameter must be within its interval."""

Found = dict[str, tuple[float, Estimate | None]]
"""By parameter: its true value, and the estimate; None: the wrong family, or nothing, was fitted."""


def scenario(duration: str = "24h") -> Scenario:
    """The day."""
    return load_scenario(SCENARIO, folders(), {"stages.0.duration": f'"{duration}"'})


def fit_of_day(seed: int, duration: str = "24h") -> Found:
    """Simulates one day and fits each profile; returns its parameters beside those that come back."""
    day = scenario(duration)
    with tempfile.TemporaryDirectory() as folder:
        fit = build_fit([recorded(day, seed, Path(folder) / "day")], FitOptions("fit", by_profile=True))
    found: Found = {}
    for person in fit.people:
        name = person.name.removeprefix("fit-")
        rate = day.stages[0].load[name].amount
        for parameter, pair in _compared(day.profiles[name], person, rate).items():
            found[f"{name}: {parameter}"] = pair
    return found


def _compared(profile: Profile, person: FittedPerson, rate: float) -> Found:
    found: Found = {"arrivals": (rate, person.arrivals.rate)}
    found |= _parameters("idle timeout", profile.idle_timeout, person.idle_timeout)
    found |= _parameters("session length", profile.session_length, person.session_length)
    found |= _parameters("words", profile.turns.words, person.words)
    found |= _parameters("thinking", profile.turns.thinking, person.thinking)
    if profile.quiet.chance:
        found["quiet chance"] = profile.quiet.chance, person.quiet_chance
        found |= _parameters("quiet length", profile.quiet.length, person.quiet)
    policy, true = person.keep_alive, profile.keep_alive
    if true.when != "never":
        fitted = policy if policy and policy.when == true.when else None
        if true.every is not None:
            found["keep-alive every"] = true.every, fitted and fitted.every
        if true.fraction is not None:
            found["keep-alive fraction"] = true.fraction, fitted and fitted.fraction
        found["keep-alive jitter"] = true.jitter, fitted and fitted.jitter
    for way, share in profile.leaving.shares():
        if share and way is not Way.CLOSE:
            found[f"leaving {way.value}"] = share, person.leaving.shares.get(way) if person.leaving else None
    return found


def _parameters(name: str, true: object, fitted: Fitted | None) -> Found:
    kind = str(getattr(true, "kind", ""))
    same = fitted if fitted and fitted.kind == kind else None
    names = {
        "constant": ("value",),
        "exponential": ("mean",),
        "uniform": ("low", "high"),
        "lognormal": ("median", "p95"),
    }
    return {
        f"{name} {parameter}": (float(getattr(true, parameter)), same.parameters[parameter] if same else None)
        for parameter in names[kind]
    }
