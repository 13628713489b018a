"""Ends one process's share of a run: carries the ending out on its engine."""

from __future__ import annotations

import logging

import gevent
from gevent.event import Event

from loadtests.model.log.record import Observation
from loadtests.model.session.ending import DrainBounds, DrainResult, DrainView, ending
from loadtests.model.session.steps import Behaviour
from loadtests.run.process import RunProcess

logger = logging.getLogger(__name__)

_SLACK_SECONDS = 30.0


def drain(share: RunProcess, reason: str, observe: float) -> DrainResult:
    """End the load of `share` and close what it has open, watching leaks for at most `observe` seconds before."""
    engine, watch, manifest = share.engine, share.tracker, share.manifest
    bounds = DrainBounds(observe, manifest.tolerance, manifest.poll, manifest.timeout)
    scene = DrainView(engine.sessions.values, lambda: engine.busy, lambda: watch.last_polled, watch.still_listed)
    began = share.now()
    share.ending = True
    engine.stop_all()
    engine.observe(Observation.DRAIN, detail=reason)
    logger.info("The load is over; watching leaks and closing what is open, leaks for %.0f s at the most", observe)
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


def longest_drain(timeout: float, observe: float) -> float:
    """Seconds after which a drain has failed."""
    return 10 * (timeout + 2) + observe + _SLACK_SECONDS
