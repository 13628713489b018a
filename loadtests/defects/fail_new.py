"""`streaming.new` fails: the API has no room, whatever the account's limit."""

from __future__ import annotations

from loadtests.model.draw import Draw
from loadtests.model.rules import Reply, Rules
from loadtests.model.service import Ask, Service
from loadtests.model.surface import Operation

from .defect import Defect, share

REFUSED = Reply(429, 10014, "Session full; please try again later")


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, ask: Ask) -> Reply:
        return REFUSED if ask.operation is Operation.NEW and draw.chance(value) else service(now, ask)

    return answer


DEFECT = Defect(
    "fail-new", "new is refused (429, 10014), and opens nothing", share("of the new requests"), around=_around
)
