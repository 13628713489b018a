"""Defects that delay replies, at once or increasingly."""

from __future__ import annotations

from msgspec.structs import replace

from loadtests.defects.defect import Defect, seconds
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import Reply
from loadtests.model.api.rules import Rules
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.people.draw import Draw


def _slow_new(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, request: ApiRequest) -> Reply:
        reply = service(now, request)
        return replace(reply, delay=reply.delay + value) if request.operation is Operation.NEW else reply

    return answer


SLOW_NEW = Defect(
    "slow-new",
    "the answer to new is delayed; the session is open at once",
    seconds("the delay"),
    around=_slow_new,
)
"""new is slow, and the other calls are not."""


def _slow_down(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    first: float | None = None

    def answer(now: float, request: ApiRequest) -> Reply:
        nonlocal first
        first = now if first is None else first
        reply = service(now, request)
        return replace(reply, delay=reply.delay + value * (now - first) / 3600)

    return answer


SLOW_DOWN = Defect(
    "slow-down",
    "all answers become slower by this much each hour",
    seconds("the delay after an hour", default=1.0),
    around=_slow_down,
)
"""Every answer becomes slower over time."""


def _leak_memory(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    opened = 0

    def answer(now: float, request: ApiRequest) -> Reply:
        nonlocal opened
        reply = service(now, request)
        opened += request.operation is Operation.NEW and reply.is_success
        return replace(reply, delay=reply.delay + value * opened / 1000)

    return answer


LEAK_MEMORY = Defect(
    "leak-memory",
    "all answers become slower by this much for each thousand sessions opened",
    seconds("the delay after a thousand sessions", default=1.0),
    around=_leak_memory,
)
"""Each session opened makes every later answer slightly slower."""
