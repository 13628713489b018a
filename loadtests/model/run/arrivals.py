"""Expected arrivals of a load by users: few Locust users and a short run may be nobody at all. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.model.people.profile import Profile
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count

_FEW = 3.0
"""Fewer expected arrivals than this may well be none: with a probability of 5 % or more."""


def few_arrivals(weights: Sequence[tuple[Profile, float]], users: int, seconds: float) -> str:
    """Returns why hardly anyone may come in `seconds`; "" if somebody is likely to.

    `weights`: the profiles among which the Locust users are divided.
    """
    total = sum(weight for _, weight in weights)
    if not total or any(profile.arrivals.model != "open" for profile, _ in weights):
        return ""
    each = sum(profile.arrivals.rate * weight for profile, weight in weights) / total
    expected = users * each * seconds
    if expected >= _FEW:
        return ""
    return (
        f"Few arrivals: {count(users, 'Locust user')} at {60 * each:.2g}/min each (open model) bring about {expected:.1f} people"
        f" in {format_duration(seconds)}. Use a larger -u, a longer -t, or a scenario."
    )
