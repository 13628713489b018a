"""Translates the API's reply to one call into an Answer: the only place that decides what a reply means.

A reply comes as bytes over HTTP (`answer_from_body`) or as a `Reply` in virtual time (`answer_from_reply`). Both take it
apart and call `translate`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.delivery import Delivery
from loadtests.model.api.operation import Operation
from loadtests.model.api.reading import Reading, default_reading
from loadtests.model.api.refusals import refusal_reason
from loadtests.model.api.reply import NO_CODE, Reply

_OK, _NO_REASON, _NEW = Outcome.OK, Reason.NONE, Operation.NEW
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
_decode_any = msgspec.json.Decoder().decode


_LIMITS = frozenset({Reason.CONCURRENCY, Reason.SESSION_FULL, Reason.QUOTA, Reason.RATE})


def answer_from_body(
    status: int, body: bytes, sent: float, answered: float, retry_after: float = 0.0, reading: Reading | None = None
) -> Answer:
    """Returns the Answer to a complete HTTP response. `reading`: how the API answers the call; None: as the default API does."""
    reading = reading or default_reading()
    try:
        if reading.is_standard:
            envelope = _decode(body)
            code = envelope.code
            if type(code) is int and code == reading.success and envelope.error is None and 200 <= status < 300:
                # Nearly all answers.
                return _success(status, code, envelope.data, sent, answered, reading)
            message = envelope.message if status < 300 and not envelope.error else envelope.text
            has_error = envelope.error is not None
            parts = envelope.code, message, envelope.data, has_error
        else:
            parts = _parts(_decode_any(body), reading)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        garbled = None, _plain_text(body), None, False
        return translate(_GARBLED, status, *garbled, sent, answered, retry_after, reading)
    return translate(_COMPLETE, status, *parts, sent, answered, retry_after, reading)


def answer_to(
    operation: Operation,
    status: int,
    body: bytes,
    sent: float,
    answered: float,
    retry_after: float = 0.0,
    reading: Reading | None = None,
) -> Answer:
    """Returns the Answer to `operation` in a complete HTTP response. That of a `new` that succeeds without an id is unknown."""
    if not body and 200 <= status < 300 and operation is not _NEW:
        # 204, or 200 and 202 without a body: acknowledged, and nothing more to say.
        return Answer(_OK, _NO_REASON, sent, answered, status)
    answer = answer_from_body(status, body, sent, answered, retry_after, reading)
    if operation is _NEW and answer.outcome is _OK and not answer.session_id:
        answer.outcome, answer.reason = Outcome.UNKNOWN, Reason.UNREADABLE
    return answer


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
    reading: Reading | None = None,
) -> Answer:
    """Returns the Answer to a reply with these parts; `code`, `message` and `data` may be of any JSON type.

    A reply succeeds with HTTP 2xx and the API's code of a success, or with HTTP 2xx, no code and no error: `create_token`
    answers in an envelope without a code.
    """
    if delivery in _NOTHING_READ:
        return Answer(Outcome.UNKNOWN, _NOTHING_READ[delivery], sent, answered)
    reading = reading or default_reading()
    is_readable, is_2xx = delivery is _COMPLETE, 200 <= status < 300
    number = _code(code) if is_readable else None
    if is_2xx and is_readable and (number is None or number == reading.success) and not has_error:
        return _success(status, number or 0, data, sent, answered, reading)
    text = message if isinstance(message, str) else ""
    reason = refusal_reason(reading.refusals, status, number, text)
    # A 5xx that names a limit refuses as a 4xx does: nothing was opened.
    if 400 <= status < 500 or (is_2xx and is_readable) or (status >= 500 and is_readable and reason in _LIMITS):
        return Answer(Outcome.FAIL, reason, sent, answered, status, number or 0, text, retry_after=retry_after)
    reason = Reason.UNREADABLE
    if status >= 300:
        reason = Reason.SERVER_ERROR if status >= 500 else Reason.REDIRECT
    return Answer(Outcome.UNKNOWN, reason, sent, answered, status, retry_after=retry_after)


def _parts(document: Any, reading: Reading) -> tuple[Any, Any, Any, bool]:
    """Returns code, message, the document as data, and whether it says that there was an error."""
    code = reading.code(document) if reading.code else None
    texts = (get(document) for get in reading.messages)
    message = next((text for text in texts if isinstance(text, str) and text), "")
    has_error = reading.error is not None and reading.error(document) is not None
    return code, message, document, has_error


def _plain_text(body: bytes) -> str:
    """Returns a body that is no JSON as a message; "" if it is a page."""
    text = body[:_LONGEST_TEXT].decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else text


def _success(status: int, code: int, data: Any, sent: float, answered: float, reading: Reading) -> Answer:
    answer = Answer(_OK, _NO_REASON, sent, answered, status, code)
    if data is None:
        return answer
    if reading.session_id is not None:
        answer.session_id = id_text(reading.session_id(data))
    if reading.duration is not None:
        answer.value = _seconds(reading.duration(data)) / reading.duration_units
    if reading.cap is not None and not answer.value:
        answer.value = _seconds(reading.cap(data))
    if reading.keep:
        found = ((name, get(data)) for name, get in reading.keep)
        answer.kept = {name: text for name, text in found if isinstance(text, str)}
    return answer


def id_text(value: Any) -> str:
    """Returns the id of a session as text, also where an API counts its sessions; "" for what is no id."""
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int else ""


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
