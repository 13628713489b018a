"""A load by users that may bring nobody is told of before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.model.people.profile import IDLE_RANGE, Profile, build_profile
from loadtests.model.run.arrivals import few_arrivals


def _profile(rate: str, model: str = "open") -> Profile:
    arrivals = {"model": "closed"} if model == "closed" else {"rate": rate}
    return build_profile("test", {"name": "test", "session_length": 60, "arrivals": arrivals}, Path(), IDLE_RANGE)


@pytest.mark.parametrize(
    ("rates", "users", "seconds", "said"),
    [
        ((("1/min", 1.0),), 2, 5.0, "2 Locust users at 1/min each (open model) bring about 0.2 people in 5 s"),
        (
            (("1/min", 3.0), ("5/min", 1.0)),
            1,
            60.0,
            "1 Locust user at 2/min each (open model) bring about 2.0 people in 1 min",
        ),
        ((("1/min", 1.0),), 180, 1.0, ""),
        ((("60/min", 1.0),), 1, 3.0, ""),
        ((), 1, 1.0, ""),
    ],
)
def test_few_are_told(rates: tuple[tuple[str, float], ...], users: int, seconds: float, said: str) -> None:
    """By weight; three expected arrivals are enough."""
    found = few_arrivals([(_profile(rate), weight) for rate, weight in rates], users, seconds)
    assert said in found and bool(found) == bool(said)


def test_people_who_stay_come_at_once() -> None:
    """One user of the closed model is one person."""
    assert few_arrivals([(_profile("", "closed"), 1.0), (_profile("1/min"), 1.0)], 2, 1.0) == ""
