"""`streaming.start` fails: the session is open, and nothing can be done with it but close it."""

from __future__ import annotations

from loadtests.model.draw import Draw
from loadtests.model.rules import Reply, Rules
from loadtests.model.service import Ask, Service
from loadtests.model.surface import Operation

from .defect import Defect, share

REFUSED = Reply(400, 10002, "Session state wrong: connecting")


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, ask: Ask) -> Reply:
        return REFUSED if ask.operation is Operation.START and draw.chance(value) else service(now, ask)

    return answer


DEFECT = Defect(
    "fail-start",
    "start is refused (400, 10002), the session staying open",
    share("of the start requests"),
    around=_around,
)
