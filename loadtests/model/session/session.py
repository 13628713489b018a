"""The client's view of one session: its states as one table, without I/O.

    PLANNED ──open──▶ OPENING ──opened──▶ OPEN ──stop──▶ CLOSING ──closed──▶ CLOSED
                        │  ├──refused──▶ PLANNED (a later attempt may follow)   ▲
                        │  └──lost─────▶ LOST                                   │
                        OPEN, CLOSING ──ended (the API says that it is gone)────┤
                        OPEN ◀──reappeared (the list has it all the same)───────┘

Whether the person is still there is not a state of the session but of the person: `way` says how they left, and an
OPEN session with a `way` is a leak. An event that the table does not allow raises and changes nothing.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from loadtests.model.api.answer import GONE, Answer, Outcome
from loadtests.model.api.surface import ACTIVITY, Operation


class State(IntEnum):
    """Where a session is, as far as the client knows."""

    PLANNED = 0
    OPENING = 1
    OPEN = 2
    CLOSING = 3
    CLOSED = 4
    LOST = 5
    """The answer to `new` never came: it may be open, and nobody knows its id."""


class Event(IntEnum):
    """What can happen to a session, as far as the client sees."""

    OPEN = 0
    OPENED = 1
    REFUSED = 2
    LOST = 3
    STOP = 4
    CLOSED = 5
    NOT_CLOSED = 6
    ENDED = 7
    REAPPEARED = 8
    """It was said to be gone, and the list has it again."""


class Holder(StrEnum):
    """Who holds a slot, at each instant exactly one."""

    NONE = "none"
    ACTIVE = "active"
    QUIET = "quiet"
    CLOSING = "closing"
    LEAKED = "leaked"
    OTHERS = "others"


_TABLE: dict[tuple[State, Event], State] = {
    (State.PLANNED, Event.OPEN): State.OPENING,
    (State.OPENING, Event.OPENED): State.OPEN,
    (State.OPENING, Event.REFUSED): State.PLANNED,
    (State.OPENING, Event.LOST): State.LOST,
    (State.OPEN, Event.STOP): State.CLOSING,
    (State.OPEN, Event.ENDED): State.CLOSED,
    (State.CLOSING, Event.STOP): State.CLOSING,
    (State.CLOSING, Event.CLOSED): State.CLOSED,
    (State.CLOSING, Event.NOT_CLOSED): State.OPEN,
    (State.CLOSING, Event.ENDED): State.CLOSED,
    # Late news about a session that is known to be closed: a keep-alive in flight, a zombie's timer, the list.
    (State.CLOSED, Event.STOP): State.CLOSED,
    (State.CLOSED, Event.CLOSED): State.CLOSED,
    (State.CLOSED, Event.NOT_CLOSED): State.CLOSED,
    (State.CLOSED, Event.ENDED): State.CLOSED,
    (State.CLOSED, Event.REAPPEARED): State.OPEN,
    # A stop and an impatient person's start may cross: the failed stop can be told to an open session.
    (State.OPEN, Event.NOT_CLOSED): State.OPEN,
    (State.OPEN, Event.CLOSED): State.CLOSED,
}


_OK = Outcome.OK
_NEW, _STOP = Operation.NEW, Operation.STOP
_OPEN, _LOST, _CLOSING = State.OPEN, State.LOST, State.CLOSING
_ACTIVE, _QUIET, _NONE = Holder.ACTIVE, Holder.QUIET, Holder.NONE
"""By names of their own: Python 3.11 takes ten times as long to find a member of an enum as a name of the module."""


class IllegalEventError(Exception):
    """An event that cannot happen in the session's state: a defect of the harness."""


class Session:
    """One session as its client sees it; `number` exists before the API's id does. Small: a million may be open."""

    __slots__ = (
        "_asked",
        "_sent",
        "_timer",
        "cap",
        "counted_as",
        "given_up",
        "id",
        "idle_timeout",
        "number",
        "opened",
        "planned_stay",
        "profile",
        "quiet",
        "reached",
        "start_failed",
        "state",
        "stopped",
        "way",
    )

    def __init__(self, number: int, profile: str, idle_timeout: float) -> None:
        self.number = number
        self.profile = profile
        self.idle_timeout = idle_timeout
        """Seconds asked for."""
        self.id = ""
        self.opened = 0.0
        """When `new` was answered."""
        self.cap = 0.0
        """Duration limit in seconds that `new` told; 0 if none."""
        self.planned_stay = 0.0
        """How long the person means to stay, in seconds."""
        self.quiet = False
        self.start_failed = False
        self.stopped = False
        """A stop was acknowledged."""
        self.given_up = False
        """The client has lost faith in it, though the API has not said that it is gone."""
        self.reached = 0.0
        """The latest moment at which an activity may have reached the API."""
        self._asked = 0.0
        self._sent = 0.0
        self.state = State.PLANNED
        """Where the session is. Only `apply` changes it; an attribute, because each event asks for it several times."""
        self.way = ""
        """How the person left; "" while they are there. Only `leave` changes it."""
        self._timer = 0
        self.counted_as = _NONE
        """As whose the slot is counted; only the census sets it."""

    @classmethod
    def from_ledger(cls, number: int, session_id: str) -> Session:
        """An open session of which no more is known than a ledger's line."""
        session = cls(number, "", 0.0)
        session.apply(Event.OPEN)
        session.apply(Event.OPENED)
        session.id = session_id
        return session

    @property
    def usable(self) -> bool:
        """Whether the person can go on."""
        return self.state is _OPEN and not self.given_up

    @property
    def holder(self) -> Holder:
        """Who holds the slot now, as far as the client knows."""
        if self.state is _OPEN:
            if self.way:
                return Holder.LEAKED
            return _QUIET if self.quiet else _ACTIVE
        if self.state is _CLOSING:
            return Holder.CLOSING
        return Holder.LEAKED if self.state is _LOST else Holder.NONE

    @property
    def due(self) -> tuple[float, float]:
        """Between when and when the API has to reap it: last effective activity + idle timeout, and the duration cap."""
        earliest, latest = self._sent + self.idle_timeout, self.reached + self.idle_timeout
        if self.cap:
            return min(earliest, self._asked + self.cap), min(latest, self.opened + self.cap)
        return earliest, latest

    def margin(self, answer: Answer) -> float:
        """Seconds that were left for certain when `answer`, not told yet, came: counted from the send of the last acknowledged
        activity.
        """
        return self._sent + self.idle_timeout - answer.answered

    def apply(self, event: Event) -> None:
        """Take `event`; raises IllegalEventError, and changes nothing, where the table has no row for it."""
        try:
            self.state = _TABLE[self.state, event]
        except KeyError:
            raise IllegalEventError(f"session {self.number}: {event.name} while {self.state.name}") from None

    def leave(self, way: str) -> None:
        """The person is gone. The first way of leaving stands."""
        self.way = self.way or way

    def start_timer(self) -> int:
        """A new keep-alive timer takes over from the one before; returns the token that it runs under."""
        self._timer += 1
        return self._timer

    def stop_timer(self) -> None:
        """No keep-alive timer runs any more."""
        self._timer += 1

    def is_timer(self, token: int) -> bool:
        """Whether the timer that was started with `token` still is the one."""
        return self._timer == token

    def sending(self, operation: Operation) -> None:
        """A call is about to be sent."""
        if operation is _NEW:
            self.apply(Event.OPEN)
        elif operation is _STOP:
            self.apply(Event.STOP)

    def answered(self, operation: Operation, answer: Answer) -> None:
        """The call was answered, or given up."""
        if operation in ACTIVITY:
            self._told_activity(answer)
        elif operation is _NEW:
            self._told_new(answer)
        elif operation is _STOP:
            self._told_stop(answer)

    def ended(self) -> None:
        """The API's list no longer has it."""
        self.apply(Event.ENDED)

    def reappeared(self) -> None:
        """The API's list has it, although it was said to be gone."""
        self.apply(Event.REAPPEARED)

    def _told_activity(self, answer: Answer) -> None:
        if self.state is _LOST:
            return
        # Only an acknowledged activity moves the earliest due time; one that may have had an effect moves the latest.
        if answer.outcome is _OK:
            if answer.sent > self._sent:
                self._sent = answer.sent
            if answer.answered > self.reached:
                self.reached = answer.answered
        elif answer.reason in GONE:
            self.apply(Event.ENDED)
        elif answer.outcome is Outcome.UNKNOWN:
            self.reached = max(self.reached, answer.answered)

    def _told_new(self, answer: Answer) -> None:
        if answer.outcome is _OK and answer.session_id:
            self.apply(Event.OPENED)
            self.id, self.cap = answer.session_id, answer.value
            self._asked = self._sent = answer.sent
            self.opened = self.reached = answer.answered
        elif answer.outcome in (Outcome.FAIL, Outcome.WITHHELD):
            self.apply(Event.REFUSED)
        else:
            self.apply(Event.LOST)

    def _told_stop(self, answer: Answer) -> None:
        if answer.outcome is _OK:
            self.apply(Event.CLOSED)
            self.stopped = True
        elif answer.reason in GONE:
            self.apply(Event.ENDED)
        else:
            self.apply(Event.NOT_CLOSED)
