"""Each session that was ever opened makes every later answer a little slower."""

from __future__ import annotations

from msgspec.structs import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Reply, Rules
from loadtests.model.service import Ask, Service
from loadtests.model.surface import Operation

from .defect import Defect, seconds


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    opened = 0

    def answer(now: float, ask: Ask) -> Reply:
        nonlocal opened
        reply = service(now, ask)
        opened += ask.operation is Operation.NEW and reply.code == 100
        return replace(reply, delay=reply.delay + value * opened / 1000)

    return answer


DEFECT = Defect(
    "leak-memory",
    "each thousand sessions that were opened make all answers so much slower",
    seconds("for a thousand sessions", default=1.0),
    around=_around,
)
