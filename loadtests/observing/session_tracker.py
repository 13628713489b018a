"""Compares the API's list with the sessions of one process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from loadtests.model.api.answer import Outcome
from loadtests.model.log.record import Observation
from loadtests.model.session.listener import EngineListener
from loadtests.model.session.session import Session, State
from loadtests.observing.list_snapshot import ListSnapshot

_REMEMBERED_SECONDS = 60.0
"""How long the id of a closed session is kept: a list that was requested before the close may still show it."""


class SessionOwner(Protocol):
    """What the tracker needs of the engine or a simulator."""

    @property
    def known_until(self) -> float:
        """Every `new` sent before this time has its answer."""

    @property
    def now(self) -> Callable[[], float]:
        """The run's clock."""

    def observe(self, kind: str, session: Session, value: float, detail: str | None = None, *, at: float) -> None:
        """Appends an observation to the event log."""

    def mark_closed(self, session: Session) -> None:
        """Records that `session` is closed."""

    def mark_open(self, session: Session) -> None:
        """Records that `session` is open although it was recorded as closed."""

    def mark_unlisted(self, session: Session) -> None:
        """Records that `session` holds no slot by the list, although its person does not know that yet."""

    def mark_listed(self, session: Session) -> None:
        """Takes that back."""


class SessionTracker(EngineListener):
    """Records which of the process's sessions appear in the list and vanish from it."""

    def __init__(self, engine: SessionOwner) -> None:
        self._engine = engine
        self._ours: dict[str, Session] = {}
        self._closed: dict[str, float] = {}
        """When each session that is recorded as closed was closed, the earliest first."""
        self._pending: dict[str, tuple[ListSnapshot, float]] = {}
        """Listed ids that may belong to a `new` in flight, with the snapshot that showed them first, and their created_at."""
        self._listed: set[str] = set()
        """Ids that are listed now and ours or pending."""
        self._missing: dict[str, float] = {}
        """When the list first lacked a session that is not recorded as closed yet, by id; in seconds of the run."""
        self.last_polled = 0.0
        """When the last successful poll was sent."""

    def on_open(self, session: Session) -> None:
        """The id of a session of ours is known."""
        self._ours[session.id] = session
        pending = self._pending.pop(session.id, None)
        if pending is not None:
            self._record_seen(session, *pending)

    def on_close(self, session: Session, at: float) -> None:
        """A session of ours is closed."""
        self._closed.pop(session.id, None)
        self._closed[session.id] = at

    def knows(self, session_id: str) -> bool:
        """Whether the id is that of a session of ours."""
        return session_id in self._ours

    def still_listed(self) -> list[Session]:
        """Returns our sessions that are recorded as closed and still listed."""
        return [
            session
            for session_id, session in self._ours.items()
            if session_id in self._listed and session.state is State.CLOSED
        ]

    def update(self, snapshot: ListSnapshot) -> None:
        """Records the changes that one snapshot of the list shows."""
        if snapshot.outcome != Outcome.OK:
            return
        self.last_polled = snapshot.sent
        self._confirm({session_id for session_id, _ in snapshot.appeared})
        for session_id, created in snapshot.appeared:
            self._listed.add(session_id)
            self._appeared(session_id, snapshot, created)
        for session_id in snapshot.vanished:
            self._listed.discard(session_id)
            self._vanished(session_id, snapshot)
        self._settle()

    def _record_seen(self, session: Session, snapshot: ListSnapshot, created: float) -> None:
        self._engine.observe(
            Observation.SEEN, session, snapshot.sent, f"{created:.3f}" if created else None, at=snapshot.answered
        )

    def _appeared(self, session_id: str, snapshot: ListSnapshot, created: float) -> None:
        session = self._ours.get(session_id)
        if session is None:
            self._pending[session_id] = snapshot, created
            return
        if session.state is State.CLOSED and not session.stopped:
            # An incomplete list, or a wrong answer, made it look closed. It is open and has to be closed.
            session.record_reappearance()
            self._closed.pop(session_id, None)
            self._engine.mark_open(session)
        self._record_seen(session, snapshot, created)

    def _vanished(self, session_id: str, snapshot: ListSnapshot) -> None:
        self._pending.pop(session_id, None)
        session = self._ours.get(session_id)
        if session is not None:
            self._engine.observe(Observation.VANISHED, session, snapshot.since, at=snapshot.answered)
            self._missing[session_id] = snapshot.answered
            if self._closed.pop(session_id, None) is not None:
                # The list may show it again.
                self._closed[session_id] = snapshot.answered

    def _confirm(self, appeared: set[str]) -> None:
        """Records the end of sessions that a second list lacks, too.

        One list may be incomplete. A person who is present learns of the end only from a call, as a client without a list does;
        and an acknowledged activity shows that the session is open.
        """
        for session_id, since in list(self._missing.items()):
            session = self._ours.get(session_id)
            if session is None:
                del self._missing[session_id]
            elif session_id in appeared or session.acknowledged > since:
                del self._missing[session_id]
                self._engine.mark_listed(session)
            elif session.way or session.state is not State.OPEN:
                del self._missing[session_id]
                session.record_end()
                self._engine.mark_closed(session)
            else:
                self._engine.mark_unlisted(session)

    def _settle(self) -> None:
        # A pending id is foreign once no `new` is in flight that may have opened it.
        known_until = self._engine.known_until
        for session_id, (snapshot, _) in list(self._pending.items()):
            if snapshot.answered < known_until:
                del self._pending[session_id]
                self._listed.discard(session_id)

    def forget(self, now: float) -> None:
        """Forgets the ids of sessions that were closed a while ago, whether or not the list can be read."""
        while self._closed and next(iter(self._closed.values())) < now - _REMEMBERED_SECONDS:
            session_id = next(iter(self._closed))
            del self._closed[session_id]
            if session_id in self._listed:
                self._closed[session_id] = now
            elif session_id in self._ours and self._ours[session_id].state is State.CLOSED:
                del self._ours[session_id]
