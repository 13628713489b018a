"""The rules of the API: sessions, idle timeouts, the limit, the cap. Served over HTTP by the sandbox, called by the simulator.

Time is an argument and never decreases. A session ends at the exact time at which it was due, however late `advance` was
called. Each open session has one entry in a heap. Activity only changes the session's due time; `advance` pushes an entry
again when its session is not due yet.
"""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Any, Literal

import msgspec

from loadtests.model.api.operation import USUAL_ACTIVITY, Operation
from loadtests.model.api.reply import CLOSED, DONE, FULL, NOT_FOUND, Reply, invalid, refusal
from loadtests.model.people.profile import IDLE_DEFAULT, IDLE_RANGE

REMEMBERED = 100_000
"""So many closed sessions are kept unless `Terms.remembered` says otherwise."""

SESSION_CAP = 3600.0
"""The API's usual cap on a session's duration, in seconds; the default of sandbox and scenarios."""

WORDS_A_SECOND = 183 / 60
"""How fast the answer to a task is spoken: reading aloud, 183 words a minute (Brysbaert 2019, J. Memory and Language 109,
doi 10.1016/j.jml.2019.104047)."""

WORDS_ANSWERED = 214.5 / 69.5
"""Words of an answer for each word of a task: mean lengths of answers and prompts in tokens (Zheng et al., LMSYS-Chat-1M, ICLR
2024, arXiv 2309.11998)."""

_MILLISECONDS_A_WORD = 1000 * WORDS_ANSWERED / WORDS_A_SECOND


class CloseCause(StrEnum):
    """Why a session ended at the API."""

    STOP = "stop"
    IDLE = "idle"
    CAP = "cap"


class Status(StrEnum):
    """A session's status, as the list shows it."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"


def documented_timeout(seconds: float) -> float:
    """The documented idle timeout: the one that the client requested."""
    return seconds


@dataclass(frozen=True, slots=True)
class OpenBehaviour:
    """Behaviour that the documentation leaves open: a real API may differ."""

    closed: Literal["400", "404", "200"] = "400"
    """The reply to a call on a closed session: HTTP 400 with code 10005, 404 with 10006, or 200 with 10005."""
    clamps: bool = False
    """An idle timeout out of range is clamped silently; otherwise it is refused."""
    stops_again: bool = False
    """`stop` of a closed session succeeds."""
    slot_lag: float = 0.0
    """Seconds from the reply to `stop` until the slot is free; the session is listed until then."""
    lags_after: Literal["stop", "any end"] = "stop"
    """The ends after which the slot is held for `slot_lag`."""
    lists_lagging: bool = True
    """A session that still holds its slot for `slot_lag` is listed."""
    new_counts: bool = True
    """A keep-alive resets the idle timer while the status is still `new`."""
    retry_after: float = 0.0
    """Retry-After of a refusal for the limit, in seconds, rounded up; 0: not sent."""
    lists: bool = True
    """The API has a list call."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the API allows the account."""

    limit: int | None = None
    """Concurrent sessions; None: no limit."""
    idle_range: tuple[float, float] = IDLE_RANGE
    idle_default: float = IDLE_DEFAULT
    cap: float | None = None
    """A session's longest duration in seconds; None: no cap."""
    choices: OpenBehaviour = OpenBehaviour()
    activity: frozenset[Operation] = USUAL_ACTIVITY
    """The calls that reset the idle timer."""
    hidden_cap: float | None = None
    """A cap in seconds that the reply to `new` does not contain: a defect."""
    effective_timeout: Callable[[float], float] = documented_timeout
    """The idle timeout that is applied, for the one requested, in seconds. A defect if they differ."""
    remembered: int = REMEMBERED
    """Closed sessions that are kept, for replies to calls on them and for the history."""


def milliseconds(words: int) -> int:
    """The duration of the spoken answer to a task of so many words: `duration_ms`."""
    return round((words if words > 1 else 1) * _MILLISECONDS_A_WORD)


_WHEN_CLOSED = {"400": CLOSED, "404": NOT_FOUND, "200": refusal(200, CLOSED.code, CLOSED.message)}


def _as_json_number(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else seconds


class HostedSession:
    """One session at the API."""

    __slots__ = ("cause", "created", "due", "ended", "id", "idle_timeout", "last", "status", "tasks", "until")

    def __init__(self, session_id: str, now: float, idle_timeout: float, until: float) -> None:
        self.id = session_id
        self.created = self.last = now
        self.idle_timeout = idle_timeout
        self.until = until
        """When the cap closes it."""
        self.due = min(now + idle_timeout, until)
        self.status = Status.NEW
        self.tasks = 0
        self.ended = 0.0
        self.cause: CloseCause | None = None

    def hold(self) -> None:
        """Never close the session, neither for idleness nor for the cap."""
        self.due = self.until = float("inf")


@dataclass
class Rules:
    """One account at the API. Each method that takes `now` first closes the sessions that are due."""

    terms: Terms
    new_id: Callable[[], str]
    on_event: Callable[[float, str, HostedSession], None] = lambda at, event, session: None
    """Called with the exact time of each `opened` and `closed`."""
    on_activity: Callable[[float, HostedSession], None] | None = None
    """Called for each activity. Separate from `on_event`, because there are many and few callers need them."""
    open: dict[str, HostedSession] = field(default_factory=dict)
    closed: OrderedDict[str, HostedSession] = field(default_factory=OrderedDict)
    _heap: list[tuple[float, int, HostedSession]] = field(default_factory=list)
    _entries: int = 0
    _lagging: deque[HostedSession] = field(default_factory=deque)
    """Ended sessions that still hold their slots."""

    def advance(self, now: float) -> None:
        """Closes the sessions that are due at `now` or earlier."""
        while self._heap and self._heap[0][0] <= now:
            due, _, session = heapq.heappop(self._heap)
            if session.cause is not None:
                continue
            if session.due > due:
                self._push(session)
            else:
                self._end(session, session.due, CloseCause.CAP if session.due >= session.until else CloseCause.IDLE)
        while self._lagging and self._lagging[0].ended + self.terms.choices.slot_lag <= now:
            self._lagging.popleft()

    def next_due(self) -> float | None:
        """The time before which `advance` has nothing to do; None while no session is open."""
        return self._heap[0][0] if self._heap else None

    def new(self, now: float, idle_timeout: Any = None, disable_idle_timeout: Any = False) -> Reply:
        """`new`. `disable_idle_timeout` is accepted with a warning and has no effect (the seed: "There is no
        'forever' mode available").
        """
        self.advance(now)
        seconds = self.terms.idle_default if idle_timeout is None else idle_timeout
        low, high = self.terms.idle_range
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if is_number and self.terms.choices.clamps:
            seconds = min(max(seconds, low), high)
        if not is_number or not low <= seconds <= high:
            return invalid(f"activity_idle_timeout must be {low:g} to {high:g} seconds")
        if self.terms.limit is not None and len(self.open) + len(self._lagging) >= self.terms.limit:
            return self._full()
        caps = [cap for cap in (self.terms.cap, self.terms.hidden_cap) if cap]
        until = now + min(caps) if caps else float("inf")
        session = HostedSession(self.new_id(), now, self.terms.effective_timeout(float(seconds)), until)
        self.open[session.id] = session
        self._push(session)
        self.on_event(now, "opened", session)
        return Reply(data=self._opened(session, bool(disable_idle_timeout)))

    def active(self, now: float, session_id: str) -> HostedSession | Reply:
        """Resets the idle timer; returns the open session of that id, or the refusal."""
        if self._heap and self._heap[0][0] <= now:
            self.advance(now)
        session = self.open.get(session_id)
        if session is None:
            return self._gone(session_id)
        due = now + session.idle_timeout
        session.last, session.due = now, due if due < session.until else session.until
        if self.on_activity is not None:
            self.on_activity(now, session)
        return session

    def found(self, now: float, session_id: str) -> HostedSession | Reply:
        """Returns the open session of that id, or the refusal; its idle timer runs on."""
        self.advance(now)
        return self.open.get(session_id) or self._gone(session_id)

    def touch(self, now: float, session_id: str) -> Reply:
        """An activity that has no other effect."""
        session = self.active(now, session_id)
        return session if isinstance(session, Reply) else DONE

    def use(self, now: float, session_id: str, operation: Operation) -> HostedSession | Reply:
        """Returns the open session on which `operation` is called, or the refusal. An activity resets its idle timer."""
        return self.active(now, session_id) if operation in self.terms.activity else self.found(now, session_id)

    def call(self, now: float, session_id: str, operation: Operation) -> Reply:
        """`interrupt`, `start_listening`, `stop_listening`: no effect but on the idle timer."""
        session = self.use(now, session_id, operation)
        return session if isinstance(session, Reply) else DONE

    def keep_alive(self, now: float, session_id: str) -> Reply:
        """`keep_alive`; with `new_counts` off, it has no effect while the status is `new`."""
        if not self.terms.choices.new_counts:
            self.advance(now)
            session = self.open.get(session_id)
            if session is not None and session.status is Status.NEW:
                return DONE
        return self.call(now, session_id, Operation.KEEP_ALIVE)

    def start(self, now: float, session_id: str) -> Reply:
        """`start`."""
        session = self.use(now, session_id, Operation.START)
        if isinstance(session, Reply):
            return session
        session.status = Status.CONNECTED
        return Reply(data={"status": "success"})

    def task(self, now: float, session_id: str, words: int) -> Reply:
        """`task`: a user task; the reply holds the duration of its spoken answer."""
        session = self.use(now, session_id, Operation.TASK)
        if isinstance(session, Reply):
            return session
        session.tasks += 1
        return Reply(data={"duration_ms": milliseconds(words), "task_id": f"{session.id}-{session.tasks}"})

    def stop(self, now: float, session_id: str) -> Reply:
        """`stop`: closes the session. Its slot is free at once, unless `slot_lag` is set."""
        self.advance(now)
        session = self.open.get(session_id)
        if session is None:
            if self.terms.choices.stops_again and session_id in self.closed:
                return Reply(data={"status": "success"})
            return self._gone(session_id)
        self._end(session, now, CloseCause.STOP)
        return Reply(data={"status": "success"})

    def listed(self, now: float) -> Iterator[HostedSession]:
        """`list`: the sessions that hold a slot, unless `lists_lagging` is off."""
        self.advance(now)
        return chain(self.open.values(), self._lagging if self.terms.choices.lists_lagging else ())

    def knows(self, session_id: str) -> bool:
        """Whether the session exists or existed; of closed ones the last `remembered` are known."""
        return session_id in self.open or session_id in self.closed

    def is_open(self, now: float, session_id: str) -> bool:
        """Whether the session exists and is open."""
        self.advance(now)
        return session_id in self.open

    def _gone(self, session_id: str) -> Reply:
        return _WHEN_CLOSED[self.terms.choices.closed] if session_id in self.closed else NOT_FOUND

    def _full(self) -> Reply:
        seconds = math.ceil(self.terms.choices.retry_after)
        return msgspec.structs.replace(FULL, retry_after=seconds) if seconds else FULL

    def _opened(self, session: HostedSession, disabled: bool) -> dict[str, Any]:
        data: dict[str, Any] = {"session_id": session.id}
        if self.terms.cap:
            data["session_duration_limit"] = _as_json_number(self.terms.cap)
        if disabled:
            data["warning"] = (
                "disable_idle_timeout is deprecated and has no effect; use activity_idle_timeout and keep_alive"
            )
        return data

    def _push(self, session: HostedSession) -> None:
        self._entries += 1
        heapq.heappush(self._heap, (session.due, self._entries, session))

    def _end(self, session: HostedSession, at: float, cause: CloseCause) -> None:
        session.status, session.ended, session.cause = Status.CLOSED, at, cause
        del self.open[session.id]
        self.closed[session.id] = session
        if len(self.closed) > self.terms.remembered:
            self.closed.popitem(last=False)
        choices = self.terms.choices
        if choices.slot_lag and (cause is CloseCause.STOP or choices.lags_after == "any end"):
            self._lagging.append(session)
        self.on_event(at, "closed", session)
