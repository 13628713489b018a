"""What an answer means: three outcomes, and one table that names the reason of a refusal.

- `ok`: the API did it.
- `fail`: it certainly had no effect: a complete answer that says no, or nothing was sent.
- `unknown`: everything else: a timeout or reset after the first byte, 5xx, a redirect, a cut or unreadable answer. A
  `new` with outcome unknown may have opened a session.

The API says the same thing with several statuses and codes (and one code for two things), so a refusal is told by HTTP
status, code and message together. Basis of each row: the API's documentation, or answers seen in the field.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

import msgspec


class Outcome(StrEnum):
    """What is known about a call's effect."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"
    """Our own guard did not send it: never counted as a refusal of the API's."""
    NONE = "none"
    """Not a call: a note or an observation."""


class Reason(StrEnum):
    """Why a call did not succeed."""

    NONE = ""
    CONCURRENCY = "concurrency-limit"
    SESSION_FULL = "session-full"
    RATE = "rate-limit"
    QUOTA = "quota"
    CLOSED = "session-closed"
    MISSING = "session-not-found"
    STATE = "session-state"
    UNAUTHORIZED = "unauthorized"
    INVALID = "invalid"
    REFUSED = "refused"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    RESET = "reset"
    CUT = "cut"
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    SERVER_ERROR = "server-error"
    REDIRECT = "redirect"
    NO_SUCH_CALL = "no-such-call"
    """The API under test has no such call: nothing was sent."""
    MAX_OPEN = "max-open"
    """Our guard: as many sessions may be open as are."""
    MAX_SESSION_MINUTES = "max-session-minutes"
    """Our guard: the run has used what it may."""
    LEDGER = "ledger"
    """Our guard: the ledger cannot be written, and what is not written down must not be opened."""
    RUN_ENDED = "run-ended"
    """It was still waiting for a connection when the run ended: nothing was sent."""


GONE = frozenset({Reason.CLOSED, Reason.MISSING})
"""Reasons that say that the session no longer exists."""

FULL = frozenset({Reason.CONCURRENCY, Reason.SESSION_FULL, Reason.RATE})
"""Refusals of a `new` after which a client may try again later."""


class RefusalPattern(NamedTuple):
    """One row of the table. None and "" match anything; texts are compared without regard to case."""

    reason: Reason
    status: int | None = None
    code: int | None = None
    says: str = ""

    def matches(self, status: int, code: int | None, message: str) -> bool:
        """Whether this row tells the answer's reason."""
        return (
            (self.status is None or self.status == status)
            and (self.code is None or self.code == code)
            and self.says in message
        )


REFUSALS: tuple[RefusalPattern, ...] = (
    # The message goes first: code 10004 means "closing" in the documentation and "concurrent limit" in the field.
    RefusalPattern(Reason.CONCURRENCY, says="concurrent limit"),
    RefusalPattern(Reason.CONCURRENCY, code=10007),
    RefusalPattern(Reason.SESSION_FULL, code=10014),
    RefusalPattern(Reason.QUOTA, code=10015),
    RefusalPattern(Reason.RATE, code=400123),
    RefusalPattern(Reason.CLOSED, code=10005),
    RefusalPattern(Reason.MISSING, code=10006),
    RefusalPattern(Reason.MISSING, code=400004),
    RefusalPattern(Reason.MISSING, status=404, says="session"),
    RefusalPattern(Reason.STATE, code=10001),
    RefusalPattern(Reason.STATE, code=10002),
    RefusalPattern(Reason.STATE, code=10003),
    RefusalPattern(Reason.CLOSED, code=10004),
    RefusalPattern(Reason.UNAUTHORIZED, code=400112),
    RefusalPattern(Reason.UNAUTHORIZED, status=401),
    RefusalPattern(Reason.INVALID, code=40012),
    RefusalPattern(Reason.INVALID, code=400128),
    RefusalPattern(Reason.INVALID, code=40118),
    RefusalPattern(Reason.RATE, status=429, says="rate"),
)


class Answer(msgspec.Struct, gc=False):
    """What became of one call, in the run's seconds."""

    outcome: Outcome
    reason: Reason = Reason.NONE
    sent: float = 0.0
    """First byte sent."""
    answered: float = 0.0
    """Answer complete, or given up."""
    status: int = 0
    """HTTP status; 0 if no answer was read."""
    code: int = 0
    """The API's own code; 0 if it gave none."""
    message: str = ""
    """The API's text, as it came: hostile input."""
    session_id: str = ""
    value: float = 0.0
    """`new`: the duration cap in seconds (0: none given); `task`: how long the answer plays, in seconds."""
    retry_after: float = 0.0
    """Seconds the API asked us to wait; 0 if it did not."""


class _Envelope(msgspec.Struct):
    code: Any = None
    message: Any = ""
    error: Any = None
    data: Any = None


_decode = msgspec.json.Decoder(_Envelope).decode
_OK, _NO_REASON = Outcome.OK, Reason.NONE
"""By names of their own: Python 3.11 takes ten times as long to find a member of an enum as a name of the module."""


def answer_from_body(
    status: int,
    body: bytes,
    sent: float,
    answered: float,
    retry_after: float = 0.0,
    id_field: str = "session_id",
) -> Answer:
    """The meaning of a complete HTTP answer; `id_field`: what the API calls a session's id.

    Success is HTTP 2xx with `code` 100, or with no code and no error (`create_token` answers in another envelope; some
    clients never look at the code).
    """
    try:
        envelope = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _without_body(status, sent, answered, retry_after)
    code = _code(envelope.code)
    if 200 <= status < 300 and code in (100, None) and envelope.error is None:
        return _success(status, code or 0, envelope.data, sent, answered, id_field)
    message = envelope.message if isinstance(envelope.message, str) else ""
    if not (200 <= status < 300 or 400 <= status < 500):
        return _without_body(status, sent, answered, retry_after)
    reason = classify(status, code, message)
    return Answer(Outcome.FAIL, reason, sent, answered, status, code or 0, message, retry_after=retry_after)


def _success(status: int, code: int, data: Any, sent: float, answered: float, id_field: str) -> Answer:
    answer = Answer(_OK, _NO_REASON, sent, answered, status, code)
    if isinstance(data, dict):
        if isinstance(session_id := data.get(id_field), str):
            answer.session_id = session_id
        milliseconds, cap = data.get("duration_ms"), data.get("session_duration_limit")
        answer.value = _seconds(milliseconds) / 1000 or _seconds(cap)
    return answer


def _code(value: Any) -> int | None:
    """The API's code, in whatever shape it comes; -1 for one that is none, None where there is none."""
    if type(value) is int:
        return value if abs(value) < 2**31 else -1
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**31:
        return int(value)
    return None if value is None else -1


def _seconds(value: Any) -> float:
    # What is no length of time, or longer than a year in milliseconds, is nothing that the API can have meant.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 4e10 else 0.0


def _without_body(status: int, sent: float, answered: float, retry_after: float) -> Answer:
    if 400 <= status < 500:
        return Answer(Outcome.FAIL, classify(status, None, ""), sent, answered, status, retry_after=retry_after)
    reason = Reason.UNREADABLE
    if status >= 300:
        reason = Reason.SERVER_ERROR if status >= 500 else Reason.REDIRECT
    return Answer(Outcome.UNKNOWN, reason, sent, answered, status, retry_after=retry_after)


def classify(status: int, code: int | None, message: str) -> Reason:
    """The reason of a refusal, by the table."""
    message = message.lower()
    for rule in REFUSALS:
        if rule.matches(status, code, message):
            return rule.reason
    return Reason.REFUSED
