"""Expected arrivals of a load by users: few Locust users and a short run may be nobody at all."""

from __future__ import annotations

from collections.abc import Iterable

from locust import User

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count
from loadtests.plugin.users.user import StreamingUser, profile_of

_FEW = 3.0
"""Fewer expected arrivals than this may well be none: with a probability of 5 % or more."""


def few_arrivals(classes: Iterable[type[User]], users: int, seconds: float) -> str:
    """Returns why hardly anyone may come in `seconds`; "" if somebody is likely to, or if Locust's own users are there."""
    weights = {user_class: float(user_class.weight) for user_class in classes}
    profiles = [profile_of(user_class) for user_class in weights if issubclass(user_class, StreamingUser)]
    total = sum(weights.values())
    if not profiles or len(profiles) < len(weights) or not total or any(p.arrivals.model != "open" for p in profiles):
        return ""
    each = sum(p.arrivals.rate * weight for p, weight in zip(profiles, weights.values(), strict=True)) / total
    expected = users * each * seconds
    if expected >= _FEW:
        return ""
    return (
        f"Few arrivals: {count(users, 'Locust user')} at {60 * each:.2g}/min each (open model) bring about {expected:.1f} people"
        f" in {format_duration(seconds)}. Use a larger -u, a longer -t, or a scenario."
    )
