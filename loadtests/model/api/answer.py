"""The meaning of a reply to one call: its outcome, and the reason where it did not succeed.

- `ok`: the API did what was asked.
- `fail`: the call certainly had no effect: a complete reply that refuses it, or nothing was sent.
- `unknown`: everything else: a timeout or reset after the first byte, 5xx, a redirect, a cut or unreadable reply. A `new`
  with outcome unknown may have opened a session.

`translation` makes an Answer from a reply; `refusals` names the reason of a refusal.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """What is known about the effect of a call."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"
    """Not sent by a guard of streamsoak: never counted as a refusal by the API."""
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
    """The API could not be reached; nothing was sent."""
    OUT_OF_RESOURCES = "out-of-resources"
    """This machine had no more files, ports or memory for a connection; nothing was sent."""
    TIMEOUT = "timeout"
    RESET = "reset"
    STALE = "stale-connection"
    """A connection that was used before ended before the first byte of an answer: the server had closed it."""
    CUT = "cut"
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    PARTIAL = "partial-list"
    """The list has pages that cannot be read, so it proves nothing about absent sessions."""
    OBSERVER_LOST = "observer-lost"
    """The process that polls the list ended by itself; it is started again."""
    SERVER_ERROR = "server-error"
    REDIRECT = "redirect"
    NO_SUCH_CALL = "no-such-call"
    """The API under test has no such call; nothing was sent."""
    MAX_OPEN = "max-open"
    """A guard of streamsoak: the maximum of open sessions is reached."""
    MAX_SESSION_MINUTES = "max-session-minutes"
    """A guard of streamsoak: the maximum of session-minutes is used up."""
    LEDGER = "ledger"
    """A guard of streamsoak: the ledger cannot be written, and a session must be in the ledger before it is opened."""
    NO_TOKEN = "no-token"
    """The call needs a token that no earlier answer gave; nothing was sent."""
    RUN_ENDED = "run-ended"
    """The run ended while the call waited for a connection; nothing was sent."""


GONE = frozenset({Reason.CLOSED, Reason.MISSING})
"""The session no longer exists."""

FULL = frozenset({Reason.CONCURRENCY, Reason.SESSION_FULL, Reason.RATE})
"""Refusals of a `new` after which a client may try again later."""


REPEATED = "sent again: the connection was stale"
"""Message of an answer to a call that was sent again on a new connection."""


class Answer(msgspec.Struct, gc=False):
    """The result of one call. Times are seconds of the run."""

    outcome: Outcome
    reason: Reason = Reason.NONE
    sent: float = 0.0
    """First byte sent."""
    answered: float = 0.0
    """Reply complete, or given up."""
    status: int = 0
    """HTTP status; 0 if no reply was read."""
    code: int = 0
    """The API's own code; 0 if the reply has none."""
    message: str = ""
    """The API's text, unchanged: hostile input. Without a reply, the operating system's name of the error, if it has one."""
    session_id: str = ""
    value: float = 0.0
    """`new`: the duration cap in seconds (0: none); `task`: the duration of the spoken answer in seconds."""
    retry_after: float = 0.0
    """Seconds of the Retry-After header; 0 if there is none."""
    kept: dict[str, str] | None = None
    """Values that later calls of the session need, by name; may contain a token."""
