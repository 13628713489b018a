"""Ends one process's part of a run: runs the drain on its engine."""

from __future__ import annotations

import logging
import math

import gevent
from gevent.event import Event

from loadtests.model.log.record import Observation
from loadtests.model.session.ending import DrainBounds, DrainPhase, DrainResult, DrainView, ending
from loadtests.model.session.steps import Behaviour
from loadtests.model.text.units import format_clock, format_duration
from loadtests.run.process import RunProcess

logger = logging.getLogger(__name__)

_SLACK_SECONDS = 30.0


def drain(process: RunProcess, reason: str, observe: float) -> DrainResult:
    """Ends the load of `process`, observes its leaks for at most `observe` seconds, then closes what is open."""
    engine, tracker, manifest = process.engine, process.tracker, process.manifest
    bounds = DrainBounds(observe, manifest.tolerance, manifest.poll, manifest.timeout)
    began = process.now()

    def enter(phase: DrainPhase) -> None:
        process.drain_phase = phase
        logger.info("Draining: %s, at most %s (until %s)", phase, *bound(phase, process.now()))

    view = DrainView(
        engine.sessions.values, lambda: engine.busy, lambda: tracker.last_polled, tracker.still_listed, enter
    )
    process.ending = True
    engine.stop_all()
    engine.observe(Observation.DRAIN, detail=reason)
    done = Event()
    drained = DrainResult(0, 0, 0, len(engine.sessions))

    def run_ending() -> Behaviour:
        nonlocal drained
        drained, _ = yield from ending(view, bounds, began)
        done.set()

    engine.start(run_ending())
    # The ending has its own time limits; this one applies if it fails.
    done.wait(longest_drain(manifest.timeout, observe))
    gevent.sleep(0)
    return drained


def bound(phase: DrainPhase, now: float) -> tuple[str, str]:
    """How long `phase` may still take, and its end on the run's clock, as text, in whole seconds."""
    return format_duration(max(1, math.ceil(phase.until - now))), format_clock(math.ceil(phase.until))


def longest_drain(timeout: float, observe: float) -> float:
    """Returns the seconds after which a drain has failed."""
    return 10 * (timeout + 2) + observe + _SLACK_SECONDS
