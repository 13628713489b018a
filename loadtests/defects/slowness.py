"""Defects that make answers slow, at once or with time."""

from __future__ import annotations

from msgspec.structs import replace

from loadtests.defects.defect import Defect, seconds
from loadtests.model.api.rules import Reply, Rules
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.api.surface import Operation
from loadtests.model.people.draw import Draw


def _slow_new(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, ask: ApiRequest) -> Reply:
        reply = service(now, ask)
        return replace(reply, delay=reply.delay + value) if ask.operation is Operation.NEW else reply

    return answer


SLOW_NEW = Defect(
    "slow-new",
    "new takes so much longer to be answered; the session is open at once",
    seconds("longer"),
    around=_slow_new,
)
"""new takes its time, and the other calls do not."""


def _slow_down(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    began: float | None = None

    def answer(now: float, ask: ApiRequest) -> Reply:
        nonlocal began
        began = now if began is None else began
        reply = service(now, ask)
        return replace(reply, delay=reply.delay + value * (now - began) / 3600)

    return answer


SLOW_DOWN = Defect(
    "slow-down",
    "each hour makes all answers so much slower",
    seconds("for an hour", default=1.0),
    around=_slow_down,
)
"""Each hour makes every answer slower."""


def _leak_memory(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    opened = 0

    def answer(now: float, ask: ApiRequest) -> Reply:
        nonlocal opened
        reply = service(now, ask)
        opened += ask.operation is Operation.NEW and reply.is_success
        return replace(reply, delay=reply.delay + value * opened / 1000)

    return answer


LEAK_MEMORY = Defect(
    "leak-memory",
    "each thousand sessions that were opened make all answers so much slower",
    seconds("for a thousand sessions", default=1.0),
    around=_leak_memory,
)
"""Each session that was ever opened makes every later answer a little slower."""
