"""new takes its time, and the other calls do not."""

from __future__ import annotations

from msgspec.structs import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Reply, Rules
from loadtests.model.service import Ask, Service
from loadtests.model.surface import Operation

from .defect import Defect, seconds


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, ask: Ask) -> Reply:
        reply = service(now, ask)
        return replace(reply, delay=reply.delay + value) if ask.operation is Operation.NEW else reply

    return answer


DEFECT = Defect(
    "slow-new",
    "new takes so much longer to be answered; the session is open at once",
    seconds("longer"),
    around=_around,
)
