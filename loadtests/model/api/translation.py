"""Translates the API's reply to one call into an Answer: the only place that decides what a reply means.

A reply comes as bytes over HTTP (`answer_from_body`) or as a `Reply` in virtual time (`answer_from_reply`). Both take it
apart and call `translate`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.delivery import Delivery
from loadtests.model.api.refusals import refusal_reason
from loadtests.model.api.rules import NO_CODE, SUCCESS_CODE, Reply

_OK, _NO_REASON = Outcome.OK, Reason.NONE
_COMPLETE, _GARBLED = Delivery.ANSWERED, Delivery.GARBLED
# Bound here for speed: see loadtests.engine.

_NOTHING_READ = {
    Delivery.UNANSWERED: Reason.TIMEOUT,
    Delivery.RESET: Reason.RESET,
    Delivery.HALF: Reason.RESET,
}
"""The reason where the client reads no complete HTTP response."""


class _Envelope(msgspec.Struct):
    code: Any = None
    message: Any = ""
    error: Any = None
    data: Any = None
    detail: Any = None
    title: Any = None
    msg: Any = None

    @property
    def text(self) -> Any:
        """The message. APIs put it into `error` (or its `message`), `detail` and `title` (RFC 9457), or `msg`, too."""
        inner = self.error.get("message") if isinstance(self.error, dict) else self.error
        places = (self.message, inner, self.detail, self.msg, self.title)
        return next((text for text in places if isinstance(text, str) and text), "")


_LONGEST_TEXT = 500

_decode = msgspec.json.Decoder(_Envelope).decode


def answer_from_body(
    status: int,
    body: bytes,
    sent: float,
    answered: float,
    retry_after: float = 0.0,
    id_field: str = "session_id",
) -> Answer:
    """Returns the Answer to a complete HTTP response. `id_field` is the API's name for a session's id."""
    try:
        envelope = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return translate(_GARBLED, status, None, _plain_text(body), None, False, sent, answered, retry_after, id_field)
    return translate(
        _COMPLETE,
        status,
        envelope.code,
        envelope.message if status < 300 and not envelope.error else envelope.text,
        envelope.data,
        envelope.error is not None,
        sent,
        answered,
        retry_after,
        id_field,
    )


def answer_from_reply(reply: Reply, sent: float, answered: float, timeout: float) -> Answer:
    """Returns the Answer of a client that sends a call at `sent` and gets `reply` at `answered`, in seconds.

    The client waits at most `timeout` seconds.
    """
    delivery = reply.delivery
    if delivery is Delivery.UNANSWERED or answered - sent > timeout:
        delivery, answered = Delivery.UNANSWERED, sent + timeout
    code = None if reply.code == NO_CODE else reply.code
    message = reply.message if delivery is _COMPLETE else ""
    return translate(delivery, reply.status, code, message, reply.data, False, sent, answered, float(reply.retry_after))


def translate(
    delivery: Delivery,
    status: int,
    code: Any,
    message: Any,
    data: Any,
    has_error: bool,
    sent: float,
    answered: float,
    retry_after: float = 0.0,
    id_field: str = "session_id",
) -> Answer:
    """Returns the Answer to a reply with these parts; `code`, `message` and `data` may be of any JSON type.

    A reply succeeds with HTTP 2xx and `code` 100, or with HTTP 2xx, no code and no error: `create_token` answers in an
    envelope without a code.
    """
    if delivery in _NOTHING_READ:
        return Answer(Outcome.UNKNOWN, _NOTHING_READ[delivery], sent, answered)
    is_readable, is_2xx = delivery is _COMPLETE, 200 <= status < 300
    number = _code(code) if is_readable else None
    if is_2xx and is_readable and (number is None or number == SUCCESS_CODE) and not has_error:
        return _success(status, number or 0, data, sent, answered, id_field)
    if 400 <= status < 500 or (is_2xx and is_readable):
        text = message if isinstance(message, str) else ""
        reason = refusal_reason(status, number, text)
        return Answer(Outcome.FAIL, reason, sent, answered, status, number or 0, text, retry_after=retry_after)
    reason = Reason.UNREADABLE
    if status >= 300:
        reason = Reason.SERVER_ERROR if status >= 500 else Reason.REDIRECT
    return Answer(Outcome.UNKNOWN, reason, sent, answered, status, retry_after=retry_after)


def _plain_text(body: bytes) -> str:
    """Returns a body that is no JSON as a message; "" if it is a page."""
    text = body[:_LONGEST_TEXT].decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else text


def _success(status: int, code: int, data: Any, sent: float, answered: float, id_field: str) -> Answer:
    answer = Answer(_OK, _NO_REASON, sent, answered, status, code)
    if isinstance(data, dict):
        if isinstance(session_id := data.get(id_field), str):
            answer.session_id = session_id
        answer.value = _seconds(data.get("duration_ms")) / 1000 or _seconds(data.get("session_duration_limit"))
    return answer


def _code(value: Any) -> int | None:
    """Returns the API's code as a number: -1 for a value that is no code, None where there is none."""
    if type(value) is int:
        return value if abs(value) < 2**31 else -1
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**31:
        return int(value)
    return None if value is None else -1


def _seconds(value: Any) -> float:
    # A value that is not a duration, or is longer than a year in milliseconds, is ignored.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 4e10 else 0.0
