"""Answers that are none: 5xx and resets before anything was done, half answers and what is not JSON after it was."""

from __future__ import annotations

from msgspec.structs import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Reply, Rules
from loadtests.model.service import Ask, Service
from loadtests.model.wire import Wire

from .defect import Defect, share

BEFORE = (Reply(503, 503, "Service Unavailable"), Reply(0, 0, "", wire=Wire.RESET))
AFTER = (Wire.HALF, Wire.GARBLED)


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, ask: Ask) -> Reply:
        if not draw.chance(value):
            return service(now, ask)
        kind = int(draw.uniform() * 4)
        return BEFORE[kind] if kind < 2 else replace(service(now, ask), wire=AFTER[kind - 2])

    return answer


DEFECT = Defect(
    "flaky",
    "5xx, a reset, half an answer, or no JSON, each as often as the others",
    share("of all requests"),
    around=_around,
)
