"""A Reply as its client hears it, where there is no HTTP between the two: in virtual time."""

from __future__ import annotations

from typing import Any

from loadtests.model.api.answer import Answer, Outcome, Reason, classify
from loadtests.model.api.delivery import Delivery
from loadtests.model.api.rules import Reply

_BROKEN = {Delivery.RESET: Reason.RESET, Delivery.HALF: Reason.RESET, Delivery.GARBLED: Reason.UNREADABLE}


def answer_from_reply(reply: Reply, sent: float, answered: float, timeout: float) -> Answer:
    """What a client makes of `reply` to a call sent at `sent`, which reaches it at `answered`, in seconds.

    The same as `answer.read` and the HTTP client make of it: one that never comes, or comes after `timeout` seconds, is a
    timeout; one that is broken off is a reset.
    """
    if reply.delivery is Delivery.UNANSWERED or answered - sent > timeout:
        return Answer(Outcome.UNKNOWN, Reason.TIMEOUT, sent, sent + timeout)
    if reply.delivery in _BROKEN:
        status = reply.status if reply.delivery is Delivery.GARBLED else 0
        return Answer(Outcome.UNKNOWN, _BROKEN[reply.delivery], sent, answered, status)
    if reply.status >= 500:
        return Answer(Outcome.UNKNOWN, Reason.SERVER_ERROR, sent, answered, reply.status)
    if reply.code != 100:
        reason = classify(reply.status, reply.code, reply.message)
        return Answer(
            Outcome.FAIL, reason, sent, answered, reply.status, reply.code, reply.message, retry_after=reply.retry_after
        )
    data: dict[str, Any] = reply.data if isinstance(reply.data, dict) else {}
    value = data.get("duration_ms", 0) / 1000 or data.get("session_duration_limit", 0.0)
    return Answer(Outcome.OK, Reason.NONE, sent, answered, 200, 100, session_id=data.get("session_id", ""), value=value)
