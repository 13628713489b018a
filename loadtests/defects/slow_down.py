"""Each hour makes every answer slower."""

from __future__ import annotations

from msgspec.structs import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Reply, Rules
from loadtests.model.service import Ask, Service

from .defect import Defect, seconds


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    began: float | None = None

    def answer(now: float, ask: Ask) -> Reply:
        nonlocal began
        began = now if began is None else began
        reply = service(now, ask)
        return replace(reply, delay=reply.delay + value * (now - began) / 3600)

    return answer


DEFECT = Defect(
    "slow-down",
    "each hour makes all answers so much slower",
    seconds("for an hour", default=1.0),
    around=_around,
)
