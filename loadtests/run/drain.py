"""Ends one process's share of a run: carries the ending out on its engine."""

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


def drain(share: RunProcess, reason: str, observe: float) -> DrainResult:
    """End the load of `share` and close what it has open, watching leaks for at most `observe` seconds before."""
    engine, watch, manifest = share.engine, share.tracker, share.manifest
    bounds = DrainBounds(observe, manifest.tolerance, manifest.poll, manifest.timeout)
    began = share.now()

    def enter(phase: DrainPhase) -> None:
        share.drain_phase = phase
        logger.info("Draining: %s, at most %s (until %s)", phase, *bound(phase, share.now()))

    scene = DrainView(engine.sessions.values, lambda: engine.busy, lambda: watch.last_polled, watch.still_listed, enter)
    share.ending = True
    engine.stop_all()
    engine.observe(Observation.DRAIN, detail=reason)
    done = Event()
    drained = DrainResult(0, 0, 0, len(engine.sessions))

    def carry_out() -> Behaviour:
        nonlocal drained
        drained, _ = yield from ending(scene, bounds, began)
        done.set()

    engine.start(carry_out())
    # The ending bounds itself; this one is for an ending that fails.
    done.wait(longest_drain(manifest.timeout, observe))
    gevent.sleep(0)
    return drained


def bound(phase: DrainPhase, now: float) -> tuple[str, str]:
    """How long `phase` may still take, and its end on the run's clock, as text, in whole seconds."""
    return format_duration(max(1, math.ceil(phase.until - now))), format_clock(math.ceil(phase.until))


def longest_drain(timeout: float, observe: float) -> float:
    """Seconds after which a drain has failed."""
    return 10 * (timeout + 2) + observe + _SLACK_SECONDS
