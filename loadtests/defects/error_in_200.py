"""Errors as HTTP 200 with a code: who reads the status alone takes them for success."""

from __future__ import annotations

from msgspec.structs import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Reply, Rules
from loadtests.model.service import Ask, Service

from .defect import Defect, share


def _around(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, ask: Ask) -> Reply:
        reply = service(now, ask)
        is_refusal = 400 <= reply.status < 500
        return replace(reply, status=200) if is_refusal and draw.chance(value) else reply

    return answer


DEFECT = Defect(
    "error-in-200", "refusals come with HTTP status 200", share("of the refusals", default=1.0), around=_around
)
