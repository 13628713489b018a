"""Starts greenlets that never end silently: the only place that spawns any.

gevent prints the exception of a greenlet and goes on without it. Here an exception is logged, counted as an internal error of the
run, and a loop continues.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
"""After a step of a loop that failed."""
_LOG_SECONDS = 60.0
"""A loop that fails again and again is logged so often."""

OnError = Callable[[], None]
"""Counts an internal error."""


def _not_counted() -> None:
    """For loops outside of a run."""


def start_loop(name: str, step: Callable[[], float | None], on_error: OnError = _not_counted) -> gevent.Greenlet:
    """Calls `step` until it returns None; otherwise it returns the seconds until the next call.

    After an exception the loop continues, `PAUSE_SECONDS` later. `name` says in the log what the loop does: "measuring memory".
    """
    return gevent.spawn(_loop, name, step, on_error)


def start_task(
    name: str, work: Callable[..., object], *arguments: Any, on_error: OnError = _not_counted
) -> gevent.Greenlet:
    """Calls `work` once. An exception is logged and counted."""
    return gevent.spawn(attempt, name, work, *arguments, on_error=on_error)


def attempt(name: str, work: Callable[..., object], *arguments: Any, on_error: OnError = _not_counted) -> bool:
    """Calls `work`, and returns whether it raised nothing. An exception is logged and counted."""
    try:
        work(*arguments)
    except Exception:
        on_error()
        logger.exception("Internal error while %s", name)
        return False
    return True


def _loop(name: str, step: Callable[[], float | None], on_error: OnError) -> None:
    logged = -_LOG_SECONDS
    while True:
        try:
            pause = step()
        except Exception:
            on_error()
            pause = PAUSE_SECONDS
            if time.monotonic() - logged >= _LOG_SECONDS:
                logged = time.monotonic()
                logger.exception("Internal error while %s", name)
        if pause is None:
            return
        gevent.sleep(pause)
