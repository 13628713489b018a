"""The event record: one flat row for each operation, note and observation.

Times are nanoseconds on the run's clock, which is monotonic and 0 at the start of the run. The manifest holds the wall clock's
reading at 0. A column never changes its meaning without a new VERSION:

    1    `detail` held the reason of a call that did not succeed and, for `new`, the API's message after ": "
    2    `reason` holds the reason; `detail` holds the API's message alone
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

VERSION = 2

NANOSECONDS = 1_000_000_000

SESSIONS_PER_WORKER = 1_000_000_000
"""The session numbers of a worker begin with its own number: 2000000017 is the 17th session of worker 2."""


class Observation(StrEnum):
    """Kinds of rows that record an observation and no operation."""

    SEEN = "seen"
    VANISHED = "vanished"
    STRANGER = "stranger"
    STRANGER_GONE = "stranger-gone"
    ALERT = "alert"
    ALERT_RESOLVED = "alert-resolved"
    CAP = "cap"
    LOOP = "loop"
    MEMORY = "memory"
    STAGE = "stage"
    DRAIN = "drain"
    DEPRECATED = "deprecated"
    UNKNOWN_CALL = "unknown-call"
    UNAUTHORIZED_CALL = "unauthorized-call"
    SIMILAR_FIELD = "similar-field"
    TOKEN_REUSED = "token-reused"
    KEY_IN_PAGE = "key-in-page"
    PREFLIGHT = "preflight"
    GAP = "gap"
    UNREADABLE = "unreadable-request"
    CLOCK = "clock"
    WORKER_LOST = "worker-lost"
    WORKER_BACK = "worker-back"
    WORKER_LEFT = "worker-left"


class Column(NamedTuple):
    """One column of the event log."""

    name: str
    type: str
    """Arrow's name of the type; "category" is a dictionary-encoded string."""
    unit: str
    about: str
    since: int = 1
    """The first version of the record that has it."""


COLUMNS: tuple[Column, ...] = (
    Column(
        "t",
        "int64",
        "ns",
        "When: an operation's first byte sent (given up unsent: when that was); a note's or observation's moment.",
    ),
    Column("worker", "int16", "", "Which process wrote the row; 0 when there is one."),
    Column("session", "int64", "", "Our number of the session; 0: none. It exists before the API's id does."),
    Column("profile", "category", "", "Name of the person's profile; empty for observations of no session."),
    Column("kind", "category", "", "Operation, note or observation; see the list of kinds."),
    Column("intended", "int64", "ns", "When the row's operation was due; elsewhere the same as t."),
    Column(
        "waited",
        "int64",
        "ns",
        "Part of the lateness (t − intended) spent waiting for a connection; the rest is loop delay.",
    ),
    Column("latency", "int64", "ns", "From t to the answer's end, or to giving up; 0 where nothing was sent."),
    Column("status", "int16", "", "HTTP status; 0: no answer was read."),
    Column("code", "int32", "", "The API's code; 0: none."),
    Column("outcome", "category", "", "ok, fail, unknown, withheld; none for what is no operation."),
    Column(
        "reason",
        "category",
        "",
        "Why an operation did not succeed, by one name of the table in `model/api`; empty if it did.",
        since=2,
    ),
    Column(
        "holder",
        "category",
        "",
        "Who holds the session's slot after this row, as the client knows: none, active, quiet, closing, leaked.",
    ),
    Column("value", "float64", "by kind", "A number; see the list of kinds."),
    Column(
        "detail",
        "string",
        "by kind",
        "A text; see the list of kinds. Null where there is none. From the API: hostile input.",
    ),
)

KINDS: dict[str, str] = {
    "create_token": "operation",
    "new": "operation; value: idle timeout asked for (s); detail: the API's id if ok, else, as for each further operation,"
    " the API's message",
    "start": "operation; value: 0",
    "task": "operation; value: how long the answer plays (s)",
    "interrupt": "operation",
    "start_listening": "operation",
    "stop_listening": "operation",
    "keep_alive": "operation",
    "stop": "operation; value: 0 the person closes, 1 the run or a stage ended (censored), 2 a leak is swept",
    "list": "operation of the observer; value: sessions listed; -1: not known",
    "cap": "note; value: the session's duration limit as `new` told it (s)",
    "arrive": "note; value: how long the person means to stay once the session is open (s); detail: the way of leaving chosen",
    "give-up": "note: the person gives up without a session; value: attempts made; detail: the reason of the last refusal",
    "quiet": "note: a quiet period begins; value: its planned length (s); detail: hidden or asleep, if the client's page is",
    "resume": "note: the quiet period is over",
    "leave": "note: the person is gone; detail: the way of leaving",
    "seen": "observation: the list shows a session of ours for the first time; value: when that list was asked for (s);"
    " detail: its created_at (unix seconds), if it has one",
    "vanished": "observation: the list (answered at t) no longer has a session that it had; value: when the last list that had it"
    " was asked for (s)",
    "stranger": "observation: a session that is not ours; value: created_at by the API (unix s; 0: not told); detail: its id",
    "stranger-gone": "observation: it is no longer listed; value: when the last list that had it was asked for"
    " (s); detail: its id",
    "alert": "observation of a watch: an alert is raised; value: the figure that reached its threshold (sessions or s); detail:"
    " the alert's name",
    "alert-resolved": "observation of a watch: it is resolved; value and detail: the same",
    "loop": "observation, each second: value: the longest delay of the engine's loop since the last such row (s)",
    "memory": "observation, at the beginning, each minute and at the end: value: memory that the process holds (bytes)",
    "stage": "observation: a stage begins; detail: its name",
    "drain": "observation: no person is let in any more; detail: why the run ends",
    "clock": "observation of a worker: its clock, which was set by the master's; value: by how much it may be off by now (s)",
    "worker-lost": "observation of the master: a worker is not heard of; value: when it last was (s); detail: its number",
    "worker-back": "observation of the master: it is heard of again; detail: its number",
    "worker-left": "observation of the master: a worker ended before the run did; detail: its number",
    "gap": "observation of a recording: calls since t are missing from the log; value: how many; detail: why",
    "deprecated": "note of an audit or a recording: the session's new asked for what is deprecated; detail: the field's name",
    "unknown-call": "note of an audit: a request that is no call of the API, on the session that it names; value: HTTP status;"
    " detail: method and path",
    "unauthorized-call": "note of an audit: a call that was refused for its key named this session; detail: the operation",
    "similar-field": "note of an audit: a call had a field that the API does not know but that looks like one of its own;"
    " detail: the operation, the field, the right name",
    "token-reused": "note of an audit: the token that opened this session was sent for another one, and refused; detail: the"
    " operation",
    "key-in-page": "note of an audit: a page of another origin sent the API key itself; detail: the operation",
    "preflight": "note of an audit: a browser asked whether a page may send a request (OPTIONS); detail: its path",
    "unreadable-request": "note of an audit: a request was not HTTP/1.1, such as one over TLS or HTTP/2",
}
"""What value and detail mean, kind by kind."""


class Row(NamedTuple):
    """One row, in the order of COLUMNS."""

    t: int
    worker: int
    session: int
    profile: str
    kind: str
    intended: int
    waited: int
    latency: int
    status: int
    code: int
    outcome: str
    reason: str
    holder: str
    value: float
    detail: str | None


def nanoseconds(seconds: float) -> int:
    """Seconds of the run as the record counts them."""
    return int(seconds * NANOSECONDS)
