"""The answer to `new` never comes: the session is open, and its client does not know its id."""

from __future__ import annotations

from msgspec.structs import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Reply, Rules
from loadtests.model.service import Ask, Service
from loadtests.model.surface import Operation
from loadtests.model.wire import Wire

from .defect import Defect, share


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, ask: Ask) -> Reply:
        reply = service(now, ask)
        is_opened = ask.operation is Operation.NEW and reply.code == 100
        return replace(reply, wire=Wire.UNANSWERED) if is_opened and draw.chance(value) else reply

    return answer


DEFECT = Defect(
    "lost-answer",
    "new opens a session and is never answered: a client without a timeout waits until it is ended",
    share("of the new requests that open a session"),
    around=_around,
)
