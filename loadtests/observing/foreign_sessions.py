"""Sessions that the API lists and that are not ours: other people's, or opened by a `new` whose answer was lost."""

from __future__ import annotations

from collections.abc import Callable

from loadtests.model.api.answer import Outcome
from loadtests.model.log.record import Observation
from loadtests.observing.list_snapshot import ListSnapshot

Observe = Callable[[str, float, str, float], None]
"""Writes an observation into the event log: its kind, value, detail, and the second that it is of."""


class ForeignSessions:
    """Tells strangers from the sessions of all processes of the run.

    `is_ours` says so of an id; `known_until` gives the second before which every `new` of the run has its answer, and its
    id is known here: what was listed before that and is not ours by then is a stranger's. `was_before` is told of those that the
    first list had, with created_at.
    """

    def __init__(
        self,
        is_ours: Callable[[str], bool],
        known_until: Callable[[], float],
        observe: Observe,
        was_before: Callable[[str, float], None],
    ) -> None:
        self._is_ours = is_ours
        self._known_until = known_until
        self._observe = observe
        self._was_before = was_before
        self._pending: dict[str, tuple[ListSnapshot, float]] = {}
        self._first: float | None = None
        self.listed: set[str] = set()
        """Strangers that are listed now."""

    def update(self, look: ListSnapshot) -> None:
        """Take in one look at the list."""
        if look.outcome != Outcome.OK:
            return
        self._first = look.sent if self._first is None else self._first
        for session_id, created in look.appeared:
            self._pending[session_id] = look, created
        for session_id in look.vanished:
            self._vanished(session_id, look)
        self._settle()

    def _vanished(self, session_id: str, look: ListSnapshot) -> None:
        self._pending.pop(session_id, None)
        if session_id in self.listed:
            self.listed.discard(session_id)
            self._observe(Observation.STRANGER_GONE, look.since, session_id, look.answered)

    def _settle(self) -> None:
        known_until = self._known_until()
        for session_id, (look, created) in list(self._pending.items()):
            if self._is_ours(session_id):
                del self._pending[session_id]
            elif look.answered < known_until:
                del self._pending[session_id]
                self.listed.add(session_id)
                self._observe(Observation.STRANGER, created, session_id, look.answered)
                if look.sent == self._first:
                    self._was_before(session_id, created)
