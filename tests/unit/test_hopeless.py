"""A run that can open no session ends early; one that may still open one goes on."""

from __future__ import annotations

import pytest

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.run.hopeless import FailedAttempts, Hopeless


def ends_at(failed: dict[str, int], opened: int = 0) -> float | None:
    """The second at which a run with these failures since second 10 ends, looked at for a minute."""
    hopeless = Hopeless()
    return next((now for now in range(10, 71) if hopeless.reason(now, opened, failed)), None)


@pytest.mark.parametrize(
    ("failed", "ends"),
    [
        ({}, None),
        ({"unauthorized": 4}, None),
        ({"unauthorized": 5}, 13),
        ({"invalid: idle timeout": 3, "unauthorized": 2}, 13),
        ({"concurrency-limit": 50}, 40),
        ({"invalid": 5, "connect": 1}, 40),
    ],
)
def test_when_a_run_ends(failed: dict[str, int], ends: float | None) -> None:
    """After 3 s if all failures are permanent, else after 30 s; never after a few attempts."""
    assert ends_at(failed) == ends


def test_a_session_that_was_opened_lets_the_run_go_on() -> None:
    """Whatever fails; and the time counts anew."""
    assert ends_at({"unauthorized": 99}, opened=1) is None


def test_the_cause_of_most_failures_is_named() -> None:
    """With how many there were."""
    hopeless = Hopeless()
    hopeless.reason(0, 0, {"invalid: x": 4, "quota": 1})
    assert hopeless.reason(9, 0, {"invalid: x": 4, "quota": 1}) == "4 of 5 attempts failed with invalid: x"


def test_failures_are_counted_by_cause_and_bounded() -> None:
    """An API whose messages all differ does not fill the memory."""
    failed = FailedAttempts()
    for number in range(100):
        failed.add(Answer(Outcome.FAIL, Reason.INVALID, 0.0, 0.0, message=f"no {number}"))
    failed.add(Answer(Outcome.UNKNOWN, Reason.TIMEOUT, 0.0, 0.0))
    assert 1 < len(failed.by_cause) <= 20
    assert "invalid: no 3" in failed.by_cause
    failed.clear()
    assert not failed.by_cause
