"""The client's view of one session: a table of states and events, without I/O.

    PLANNED ──open──▶ OPENING ──opened──▶ OPEN ──stop──▶ CLOSING ──closed──▶ CLOSED
                        │  ├──refused──▶ PLANNED (a later attempt may follow)   ▲
                        │  └──lost─────▶ LOST ──ended (due)─────────────────────┤
                        OPEN, CLOSING ──ended (the API reports it closed)───────┤
                        OPEN ◀──reappeared (the API lists it again)─────────────┘

Whether the person is still there is not a state of the session: `way` holds how they left, and an OPEN session with a
`way` is a leak. An event that the table does not allow raises IllegalEventError and changes nothing.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec

from loadtests.model.api.answer import GONE, Answer, Outcome
from loadtests.model.api.operation import USUAL_ACTIVITY, Operation
from loadtests.model.people.page import Page


class State(IntEnum):
    """A session's state, as far as the client knows."""

    PLANNED = 0
    OPENING = 1
    OPEN = 2
    CLOSING = 3
    CLOSED = 4
    LOST = 5
    """The answer to `new` was lost: the session may be open, and its id is unknown."""


class Event(IntEnum):
    """Events in a session's life, as far as the client observes them."""

    OPEN = 0
    OPENED = 1
    REFUSED = 2
    LOST = 3
    STOP = 4
    CLOSED = 5
    NOT_CLOSED = 6
    ENDED = 7
    REAPPEARED = 8
    """The API reported it closed, and lists it again."""


class Holder(StrEnum):
    """Who holds a slot: at each instant exactly one."""

    NONE = "none"
    ACTIVE = "active"
    QUIET = "quiet"
    CLOSING = "closing"
    LEAKED = "leaked"
    UNCONFIRMED = "unconfirmed"
    """Live figures only: a session whose `new` was not answered, which may not exist."""
    OTHERS = "others"


_TABLE: dict[tuple[State, Event], State] = {
    (State.PLANNED, Event.OPEN): State.OPENING,
    (State.OPENING, Event.OPENED): State.OPEN,
    (State.OPENING, Event.REFUSED): State.PLANNED,
    (State.OPENING, Event.LOST): State.LOST,
    # It was due: whether it existed or not, it is open no longer.
    (State.LOST, Event.ENDED): State.CLOSED,
    (State.OPEN, Event.STOP): State.CLOSING,
    (State.OPEN, Event.ENDED): State.CLOSED,
    (State.CLOSING, Event.STOP): State.CLOSING,
    (State.CLOSING, Event.CLOSED): State.CLOSED,
    (State.CLOSING, Event.NOT_CLOSED): State.OPEN,
    (State.CLOSING, Event.ENDED): State.CLOSED,
    # Events of a session already known to be closed: a keep-alive in flight, a zombie's timer, the list.
    (State.CLOSED, Event.STOP): State.CLOSED,
    (State.CLOSED, Event.CLOSED): State.CLOSED,
    (State.CLOSED, Event.NOT_CLOSED): State.CLOSED,
    (State.CLOSED, Event.ENDED): State.CLOSED,
    (State.CLOSED, Event.REAPPEARED): State.OPEN,
    # A stop and an impatient person's start may overlap, so a stop may fail while the session is open.
    (State.OPEN, Event.NOT_CLOSED): State.OPEN,
    (State.OPEN, Event.CLOSED): State.CLOSED,
}


_OK = Outcome.OK
_NEW, _STOP = Operation.NEW, Operation.STOP
_OPEN, _LOST, _CLOSING = State.OPEN, State.LOST, State.CLOSING
_ACTIVE, _QUIET, _NONE = Holder.ACTIVE, Holder.QUIET, Holder.NONE
# Bound here for speed: see loadtests.engine.


class IllegalEventError(Exception):
    """An event that cannot happen in the session's state: an internal error."""


class Session(msgspec.Struct, gc=False, eq=False):
    """One session as its client sees it. `number` exists before the API's id. Kept small: a million may be open."""

    number: int
    profile: str
    idle_timeout: float
    """Seconds, as requested."""
    id: str = ""
    opened: float = 0.0
    """When `new` was answered."""
    cap: float = 0.0
    """Duration limit in the answer to `new`, in seconds; 0 if none."""
    kept: dict[str, str] | None = None
    """Values of earlier answers that later calls need, by name: memory only, as one may be a token."""
    planned_stay: float = 0.0
    """How long the person plans to stay, in seconds, until the stay begins."""
    page: Page | None = None
    """The page whose timers keep it alive; None: one that is never hidden."""
    quiet: bool = False
    start_failed: bool = False
    stopped: bool = False
    """A stop was acknowledged."""
    given_up: bool = False
    """The client treats it as closed, although the API has not reported that."""
    reached: float = 0.0
    """The latest moment at which an activity may have reached the API."""
    state: State = State.PLANNED
    """Changed only by `apply`. An attribute and not a property, because each event reads it several times."""
    way: str = ""
    """How the person left; "" while they are there. Changed only by `leave`."""
    counted_as: Holder = Holder.NONE
    """The holder under which the slot is counted; set only by Occupancy."""
    _requested: float = 0.0
    _last_activity: float = 0.0
    _timer: int = 0

    @classmethod
    def from_ledger(cls, number: int, session_id: str, kept: dict[str, str] | None = None) -> Session:
        """Returns an open session of which only the number, the id and perhaps `kept` are known."""
        session = cls(number, "", 0.0)
        session.apply(Event.OPEN)
        session.apply(Event.OPENED)
        session.id, session.kept = session_id, kept
        return session

    @property
    def usable(self) -> bool:
        """Whether the person can continue."""
        return self.state is _OPEN and not self.given_up

    @property
    def acknowledged(self) -> float:
        """When the last acknowledged activity was sent, in seconds of the run."""
        return self._last_activity

    @property
    def holder(self) -> Holder:
        """The holder of the slot now, as far as the client knows."""
        if self.state is _OPEN:
            if self.way:
                return Holder.LEAKED
            return _QUIET if self.quiet else _ACTIVE
        if self.state is _CLOSING:
            return Holder.CLOSING
        return Holder.LEAKED if self.state is _LOST else Holder.NONE

    @property
    def due(self) -> tuple[float, float]:
        """The earliest and latest time at which it is due: last effective activity + idle timeout, or the duration cap."""
        earliest, latest = self._last_activity + self.idle_timeout, self.reached + self.idle_timeout
        if self.cap:
            return min(earliest, self._requested + self.cap), min(latest, self.opened + self.cap)
        return earliest, latest

    def margin(self, answer: Answer) -> float:
        """Returns the seconds that were left when `answer` arrived, at least: idle timeout from the send of the last acknowledged
        activity. Call it before `record_answer`.
        """
        return self._last_activity + self.idle_timeout - answer.answered

    def apply(self, event: Event) -> None:
        """Applies `event`. Raises IllegalEventError, and changes nothing, if the table does not allow it."""
        try:
            self.state = _TABLE[self.state, event]
        except KeyError:
            raise IllegalEventError(f"session {self.number}: {event.name} while {self.state.name}") from None

    def leave(self, way: str) -> None:
        """Records that the person left. The first way of leaving is kept."""
        self.way = self.way or way

    def start_timer(self) -> int:
        """Replaces the keep-alive timer; returns the token of the new one."""
        self._timer += 1
        return self._timer

    def stop_timer(self) -> None:
        """Stops the keep-alive timer."""
        self._timer += 1

    def is_timer(self, token: int) -> bool:
        """Whether the timer with `token` is the current one."""
        return self._timer == token

    def record_send(self, operation: Operation) -> None:
        """Records that a call is about to be sent."""
        if operation is _NEW:
            self.apply(Event.OPEN)
        elif operation is _STOP:
            self.apply(Event.STOP)

    def record_answer(
        self, operation: Operation, answer: Answer, activity: frozenset[Operation] = USUAL_ACTIVITY
    ) -> None:
        """Records the answer to a call. `activity`: the calls that reset the idle timer of the API."""
        if answer.kept:
            self.kept = {**(self.kept or {}), **answer.kept}
        if operation in activity:
            self._record_activity(answer)
        elif operation is _NEW:
            self._record_new(answer)
        elif operation is _STOP:
            self._record_stop(answer)
        elif answer.reason in GONE and self.id:
            self.apply(Event.ENDED)

    def record_end(self) -> None:
        """Records that the API no longer lists it."""
        self.apply(Event.ENDED)

    def record_reappearance(self) -> None:
        """Records that the API lists it, although it reported it closed."""
        self.apply(Event.REAPPEARED)

    def _record_activity(self, answer: Answer) -> None:
        if self.state is _LOST:
            return
        # Only an acknowledged activity moves the earliest due time; one that may have had an effect moves the latest.
        if answer.outcome is _OK:
            if answer.sent > self._last_activity:
                self._last_activity = answer.sent
            if answer.answered > self.reached:
                self.reached = answer.answered
        elif answer.reason in GONE:
            self.apply(Event.ENDED)
        elif answer.outcome is Outcome.UNKNOWN:
            self.reached = max(self.reached, answer.answered)

    def _record_new(self, answer: Answer) -> None:
        if answer.outcome is _OK and answer.session_id:
            self.apply(Event.OPENED)
            # Not the answer's own zero: a million sessions without a cap share one.
            self.id, self.cap = answer.session_id, answer.value or 0.0
            self._requested = self._last_activity = answer.sent
            self.opened = self.reached = answer.answered
        elif answer.outcome in (Outcome.FAIL, Outcome.WITHHELD):
            self.apply(Event.REFUSED)
        else:
            self.apply(Event.LOST)
            self._last_activity, self.reached = answer.sent, answer.answered

    def _record_stop(self, answer: Answer) -> None:
        if answer.outcome is _OK:
            self.apply(Event.CLOSED)
            self.stopped = True
        elif answer.reason in GONE:
            self.apply(Event.ENDED)
        else:
            self.apply(Event.NOT_CLOSED)
