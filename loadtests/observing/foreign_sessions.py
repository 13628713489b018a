"""Separates foreign sessions from the run's own: those of other clients, or opened by a `new` whose answer was lost."""

from __future__ import annotations

from collections.abc import Callable

from loadtests.model.api.answer import Outcome
from loadtests.model.log.record import Observation
from loadtests.observing.list_snapshot import ListSnapshot

Observe = Callable[[str, float, str, float], None]
"""Appends an observation to the event log: kind, value, detail, and its time in seconds of the run."""


class ForeignSessions:
    """Finds listed sessions that no process of the run has opened.

    `is_ours` reports whether the run opened an id. `known_until` returns the time before which every `new` of the run has its
    answer and its id is known here: an id that was listed before that time and is not ours is foreign. `on_preexisting` is called
    with the id and created_at of each foreign session in the first list.
    """

    def __init__(
        self,
        is_ours: Callable[[str], bool],
        known_until: Callable[[], float],
        observe: Observe,
        on_preexisting: Callable[[str, float], None],
    ) -> None:
        self._is_ours = is_ours
        self._known_until = known_until
        self._observe = observe
        self._on_preexisting = on_preexisting
        self._pending: dict[str, tuple[ListSnapshot, float]] = {}
        self._first: float | None = None
        self.listed: set[str] = set()
        """Foreign sessions that are listed now."""

    def update(self, snapshot: ListSnapshot) -> None:
        """Processes one snapshot of the list."""
        if snapshot.outcome != Outcome.OK:
            return
        self._first = snapshot.sent if self._first is None else self._first
        for session_id, created in snapshot.appeared:
            self._pending[session_id] = snapshot, created
        for session_id in snapshot.vanished:
            self._vanished(session_id, snapshot)
        self._settle()

    def _vanished(self, session_id: str, snapshot: ListSnapshot) -> None:
        self._pending.pop(session_id, None)
        if session_id in self.listed:
            self.listed.discard(session_id)
            self._observe(Observation.STRANGER_GONE, snapshot.since, session_id, snapshot.answered)

    def _settle(self) -> None:
        known_until = self._known_until()
        for session_id, (snapshot, created) in list(self._pending.items()):
            if self._is_ours(session_id):
                del self._pending[session_id]
            elif snapshot.answered < known_until:
                del self._pending[session_id]
                self.listed.add(session_id)
                self._observe(Observation.STRANGER, created, session_id, snapshot.answered)
                if snapshot.sent == self._first:
                    self._on_preexisting(session_id, created)
