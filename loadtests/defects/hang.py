"""A request that stays pending for ever, and has no effect."""

from __future__ import annotations

from loadtests.model.draw import Draw
from loadtests.model.rules import Reply, Rules
from loadtests.model.service import Service
from loadtests.model.wire import Wire

from .defect import Defect, share

HANGS = Reply(0, 0, "", wire=Wire.UNANSWERED)


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    return lambda now, ask: HANGS if draw.chance(value) else service(now, ask)


DEFECT = Defect(
    "hang", "a request, whichever it is, has no effect and is never answered", share("of all requests"), around=_around
)
