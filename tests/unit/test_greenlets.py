"""Loops and tasks that do not end silently."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest

from loadtests.processes import greenlets
from loadtests.processes.greenlets import attempt, start_loop, start_task


@pytest.fixture(autouse=True)
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed step costs no time."""
    monkeypatch.setattr(greenlets, "PAUSE_SECONDS", 0.0)


def test_a_loop_goes_on_after_an_exception(caplog: pytest.LogCaptureFixture) -> None:
    """Each failure is counted; a loop that fails again and again is logged once a minute."""
    results: Iterator[float | Exception | None] = iter([0.0, ValueError("first"), KeyError("second"), 0.0, None])
    calls, errors = [], []

    def step() -> float | None:
        result = next(results)
        calls.append(result)
        if isinstance(result, Exception):
            raise result
        return result

    start_loop("testing", step, lambda: errors.append(1)).join(timeout=5)
    assert (len(calls), len(errors)) == (5, 2)
    assert "Internal error while testing" in caplog.text
    assert "first" in caplog.text
    assert "second" not in caplog.text


def test_a_task_that_fails_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    """And its result says that it failed."""
    errors: list[int] = []
    task = start_task("dividing", lambda: 1 / 0, on_error=lambda: errors.append(1))
    task.join(timeout=5)
    assert (task.value, errors) == (False, [1])
    assert "ZeroDivisionError" in caplog.text
    assert attempt("adding", lambda: 1 + 1)


def test_a_loop_can_be_killed() -> None:
    """Between two steps and within one."""
    loop = start_loop("waiting", lambda: 60.0)
    gevent.sleep(0)
    loop.kill(timeout=5)
    assert loop.dead
