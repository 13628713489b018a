"""Defects in replies: missing, broken, or wrong."""

from __future__ import annotations

from msgspec.structs import replace

from loadtests.defects.defect import Defect, share
from loadtests.model.api.delivery import Delivery
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import Reply
from loadtests.model.api.rules import Rules
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.people.draw import Draw


def _lost_answer(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, request: ApiRequest) -> Reply:
        reply = service(now, request)
        is_opened = request.operation is Operation.NEW and reply.is_success
        return replace(reply, delivery=Delivery.UNANSWERED) if is_opened and draw.chance(value) else reply

    return answer


LOST_ANSWER = Defect(
    "lost-answer",
    "new opens a session and is never answered; a client without a timeout waits forever",
    share("of the new requests that open a session"),
    around=_lost_answer,
)
"""The answer to `new` is lost: the session is open, and the client does not know its id."""


_NO_ANSWER = Reply(0, 0, "", delivery=Delivery.UNANSWERED)


def _hang(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    return lambda now, request: _NO_ANSWER if draw.chance(value) else service(now, request)


HANG = Defect(
    "hang",
    "a request has no effect and is never answered",
    share("of all requests"),
    around=_hang,
)
"""A request stays pending forever, and has no effect."""


_FAILURES_BEFORE = (Reply(503, 503, "Service Unavailable"), Reply(0, 0, "", delivery=Delivery.RESET))
_FAILURES_AFTER = (Delivery.HALF, Delivery.GARBLED)


def _flaky(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, request: ApiRequest) -> Reply:
        if not draw.chance(value):
            return service(now, request)
        kind = int(draw.uniform() * 4)
        return (
            _FAILURES_BEFORE[kind] if kind < 2 else replace(service(now, request), delivery=_FAILURES_AFTER[kind - 2])
        )

    return answer


FLAKY = Defect(
    "flaky",
    "HTTP 503, a reset, half a reply, or a reply that is not JSON, with equal probability",
    share("of all requests"),
    around=_flaky,
)
"""Broken replies: a 503 or a reset before the call has an effect; half a reply or no JSON after it."""


def _error_in_200(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, request: ApiRequest) -> Reply:
        reply = service(now, request)
        is_refusal = 400 <= reply.status < 500
        return replace(reply, status=200) if is_refusal and draw.chance(value) else reply

    return answer


ERROR_IN_200 = Defect(
    "error-in-200",
    "refusals have HTTP status 200",
    share("of the refusals", default=1.0),
    around=_error_in_200,
)
"""Refusals as HTTP 200 with a code: a client that reads only the status takes them for success."""


_NEW_REFUSED = Reply(429, 10014, "Session full; please try again later")


def _fail_new(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, request: ApiRequest) -> Reply:
        return _NEW_REFUSED if request.operation is Operation.NEW and draw.chance(value) else service(now, request)

    return answer


FAIL_NEW = Defect(
    "fail-new", "new is refused (429, 10014) and opens no session", share("of the new requests"), around=_fail_new
)
"""`streaming.new` is refused for lack of capacity, whatever the account's limit."""


_START_REFUSED = Reply(400, 10002, "Session state wrong: connecting")


def _fail_start(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    def answer(now: float, request: ApiRequest) -> Reply:
        return _START_REFUSED if request.operation is Operation.START and draw.chance(value) else service(now, request)

    return answer


FAIL_START = Defect(
    "fail-start",
    "start is refused (400, 10002); the session stays open",
    share("of the start requests"),
    around=_fail_start,
)
"""`streaming.start` is refused: the session is open and can only be closed."""
