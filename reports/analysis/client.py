"""What a client did with each session, as the API saw it: the log of an audit, session by session.

The log is the sandbox's own, so nothing in it is an interval: a call came when it came, an end was when it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from loadtests.model.api.answer import GONE, Outcome
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.log.record import Observation
from reports.log.log import EventLog

_GONE = frozenset(reason.value for reason in GONE)
_CALLS = """
SELECT session, kind, t / 1e9 AS t, (t + latency) / 1e9 AS answered, status, outcome, reason, value,
    coalesce(detail, '') AS detail
FROM events ORDER BY events.t, session
"""


@dataclass(frozen=True)
class ClientCall:
    """One row of the log; times in seconds of the run."""

    session: int
    kind: str
    t: float
    answered: float
    status: int
    outcome: str
    reason: str
    """Why the API refused it; "" if it did not."""
    value: float
    detail: str
    is_activity: bool = False
    """Whether it resets the idle timer."""

    @property
    def ok(self) -> bool:
        """Whether the API did it."""
        return self.outcome == Outcome.OK


@dataclass(frozen=True)
class Life:
    """One session from its opening to its end."""

    number: int
    new: ClientCall
    calls: tuple[ClientCall, ...]
    """Of the client, after `new`."""
    reaped: float | None
    """When the API closed it; None: it did not."""
    deprecated: bool
    """Opened with `disable_idle_timeout`."""
    is_presumed: bool = False
    """Whether `reaped` is when it was due: nobody saw its end."""

    @property
    def id(self) -> str:
        """The API's."""
        return self.new.detail

    @property
    def lost(self) -> bool:
        """The answer to `new` was never sent: the client does not know the id."""
        return self.new.status == 0

    @property
    def idle_timeout(self) -> float:
        """In seconds."""
        return self.new.value

    @property
    def stopped(self) -> float | None:
        """When the client closed it; None: it did not."""
        return next((call.t for call in self.calls if call.kind == Operation.STOP and call.ok), None)

    @property
    def ended(self) -> float | None:
        """When it was closed, by whomever; None: it is open."""
        return self.reaped if self.stopped is None else self.stopped

    @property
    def late(self) -> tuple[ClientCall, ...]:
        """Calls on the session after its end."""
        return tuple(call for call in self.calls if call.reason in _GONE)

    @property
    def unclosed(self) -> bool:
        """The client never closed it, nor came back to find it closed."""
        came_back = any(call.kind != Operation.KEEP_ALIVE for call in self.late)
        return self.stopped is None and not self.asked("stop") and not came_back

    @property
    def abandoned(self) -> tuple[ClientCall, ...]:
        """The keep-alives that held its slot after the client last did anything else; none if the client closed it."""
        if self.stopped is not None:
            return ()
        last = max((n for n, call in enumerate(self.calls) if call.kind != Operation.KEEP_ALIVE), default=-1)
        return tuple(call for call in self.calls[last + 1 :] if call.ok)

    @property
    def failed_start(self) -> bool:
        """Each start failed, though the session was open."""
        starts = self.asked("start")
        return bool(starts) and not any(call.ok or call.reason in _GONE for call in starts)

    @property
    def gap(self) -> float:
        """The longest time without activity while it was open, up to its end or its last call."""
        times = [self.new.t, *(call.t for call in self.calls if call.ok and call.is_activity)]
        if self.ended is not None:
            times.append(self.ended)
        return max((after - before for before, after in pairwise(times)), default=0.0)

    def asked(self, kind: str) -> tuple[ClientCall, ...]:
        """The client's calls of that kind."""
        return tuple(call for call in self.calls if call.kind == kind)


@dataclass(frozen=True)
class Client:
    """Everything that the client did."""

    lives: tuple[Life, ...]
    refused: tuple[ClientCall, ...]
    """Each `new` that opened nothing."""
    stray: tuple[ClientCall, ...]
    """Calls that name no session that ever was."""
    calls: int
    ended: float
    """When the log ends."""
    api: ApiDescription
    """What it called."""
    notes: Mapping[str, tuple[ClientCall, ...]]
    """What its requests showed beside the calls, by kind, such as requests that are no calls of the API."""

    def noted(self, kind: Observation, session: int | None = None) -> tuple[ClientCall, ...]:
        """The notes of a kind; `session`: only those on that session."""
        found = self.notes.get(kind, ())
        return found if session is None else tuple(note for note in found if note.session == session)


def read_client(log: EventLog) -> Client:
    """The client, out of the events."""
    api = log.manifest.description
    return tell_apart((ClientCall(**row, is_activity=row["kind"] in api.activity) for row in log.records(_CALLS)), api)


def tell_apart(rows: Iterable[ClientCall], api: ApiDescription) -> Client:
    """The rows of an audit's log, in the order of time, by session."""
    by_session: dict[int, list[ClientCall]] = {}
    notes: dict[str, list[ClientCall]] = {}
    ended = 0.0
    for row in rows:
        by_session.setdefault(row.session, []).append(row)
        if row.kind in _NOTES:
            notes.setdefault(row.kind, []).append(row)
        ended = max(ended, row.answered)
    loose = by_session.pop(0, [])
    lives = [life for number, own in by_session.items() if (life := _life(number, own))]
    known = {life.number for life in lives}
    refused = [row for number, own in by_session.items() if number not in known for row in own if row.kind == "new"]
    stray = [row for row in loose if row.kind in _ON_SESSIONS]
    # The last look at the list is the sandbox's own.
    done = sum(row.kind in _OPERATIONS for own in (*by_session.values(), loose) for row in own)
    noted = {kind: tuple(found) for kind, found in notes.items()}
    own_look = any(row.kind == Operation.LIST for row in loose)
    return Client(tuple(lives), tuple(refused), tuple(stray), done - own_look, ended, api, noted)


_OPERATIONS = frozenset(Operation)
_NOTES = frozenset(
    {
        Observation.UNKNOWN_CALL,
        Observation.UNAUTHORIZED_CALL,
        Observation.SIMILAR_FIELD,
        Observation.TOKEN_REUSED,
        Observation.KEY_IN_PAGE,
        Observation.PREFLIGHT,
        Observation.UNREADABLE,
    }
)
_ON_SESSIONS = _OPERATIONS - {Operation.CREATE_TOKEN, Operation.NEW, Operation.LIST}


def _life(number: int, rows: list[ClientCall]) -> Life | None:
    new = next((row for row in rows if row.kind == Operation.NEW and row.ok), None)
    if new is None:
        return None
    calls = [row for row in rows if row.kind in _OPERATIONS and row.kind != Operation.NEW]
    reaped = next((row.t for row in rows if row.kind == "vanished"), None)
    deprecated = any(row.kind == "deprecated" for row in rows)
    return Life(number, new, tuple(calls), reaped, deprecated)


def _closed_by(life: Life) -> str | None:
    if life.stopped is not None:
        return "client"
    if life.reaped is None:
        return None
    return "API, presumed" if life.is_presumed else "API"


def as_dict(life: Life) -> dict[str, Any]:
    """A session's figures, for summary.json and `--json`."""
    return {
        "session": life.number,
        "id": life.id,
        "opened": life.new.t,
        "idle_timeout": life.idle_timeout,
        "ended": life.ended,
        "closed_by": _closed_by(life),
        "tasks": len(life.asked("task")),
        "keep_alives": len(life.asked("keep_alive")),
        "longest_gap": life.gap,
    }
