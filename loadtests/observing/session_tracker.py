"""What the API's list shows of the sessions of one process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from loadtests.model.api.answer import Outcome
from loadtests.model.log.record import Observation
from loadtests.model.session.session import Session, State
from loadtests.observing.list_snapshot import ListSnapshot

_REMEMBERED_SECONDS = 60.0
"""How long the id of a closed session is kept: a list that was asked for before the close may still show it."""


class SessionOwner(Protocol):
    """What the watch needs of whoever makes the calls: the engine, or a simulator."""

    @property
    def known_until(self) -> float:
        """Before this no `new` is without its answer."""

    @property
    def now(self) -> Callable[[], float]:
        """The run's clock."""

    def observe(
        self,
        kind: str,
        session: Session | None = None,
        value: float = 0.0,
        detail: str | None = None,
        at: float | None = None,
    ) -> None:
        """Write an observation into the event log."""

    def mark_closed(self, session: Session) -> None:
        """The session is known to be closed."""

    def mark_open(self, session: Session) -> None:
        """A session that was thought to be closed is open."""


class SessionTracker:
    """The API's list against what `engine` knows."""

    def __init__(self, engine: SessionOwner) -> None:
        self._engine = engine
        self._ours: dict[str, Session] = {}
        self._closed: deque[tuple[float, str]] = deque()
        self._pending: dict[str, ListSnapshot] = {}
        """Listed ids that may belong to a `new` still under way, with the look that showed them first."""
        self._listed: set[str] = set()
        """Ids of ours that are listed now, or of those pending."""
        self.last_polled = 0.0
        """When the last look that succeeded was asked for."""

    def opened(self, session: Session) -> None:
        """A session of ours got its id."""
        self._ours[session.id] = session
        look = self._pending.pop(session.id, None)
        if look is not None:
            self._engine.observe(Observation.SEEN, session, look.sent, at=look.answered)

    def closed(self, session: Session) -> None:
        """A session of ours is known to be closed."""
        self._closed.append((self._engine.now(), session.id))

    def knows(self, session_id: str) -> bool:
        """Whether a session of that id is ours."""
        return session_id in self._ours

    def still_listed(self) -> list[Session]:
        """Sessions of ours that were said to be closed, by whomever, and that the list still has."""
        return [
            session
            for session_id, session in self._ours.items()
            if session_id in self._listed and session.state is State.CLOSED
        ]

    def update(self, look: ListSnapshot) -> None:
        """Write what changed with one look into the event log."""
        if look.outcome != Outcome.OK:
            return
        self.last_polled = look.sent
        for session_id, _ in look.appeared:
            self._listed.add(session_id)
            self._appeared(session_id, look)
        for session_id in look.vanished:
            self._listed.discard(session_id)
            self._vanished(session_id, look)
        self._settle()
        self._forget(look.sent)

    def _appeared(self, session_id: str, look: ListSnapshot) -> None:
        session = self._ours.get(session_id)
        if session is None:
            self._pending[session_id] = look
            return
        if session.state is State.CLOSED and not session.stopped:
            # One short list, or one answer that was wrong, had it gone: it is ours to close again.
            session.record_reappearance()
            self._engine.mark_open(session)
        self._engine.observe(Observation.SEEN, session, look.sent, at=look.answered)

    def _vanished(self, session_id: str, look: ListSnapshot) -> None:
        self._pending.pop(session_id, None)
        session = self._ours.get(session_id)
        if session is not None:
            session.record_end()
            self._engine.observe(Observation.VANISHED, session, look.since, at=look.answered)
            self._engine.mark_closed(session)

    def _settle(self) -> None:
        # A listed id is somebody else's once no `new` is under way that may have opened it.
        known_until = self._engine.known_until
        for session_id, look in list(self._pending.items()):
            if look.answered < known_until:
                del self._pending[session_id]
                self._listed.discard(session_id)

    def _forget(self, now: float) -> None:
        while self._closed and self._closed[0][0] < now - _REMEMBERED_SECONDS:
            _, session_id = self._closed.popleft()
            if session_id in self._listed:
                self._closed.append((now, session_id))
            elif session_id in self._ours and self._ours[session_id].state is State.CLOSED:
                del self._ours[session_id]
