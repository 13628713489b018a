"""What the engine carries out: behaviours, in scopes that end together, and their requests."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call, Resumable


class TaskScope:
    """Tasks that end together, and the sessions that they have opened."""

    __slots__ = ("over", "sessions")

    def __init__(self) -> None:
        self.over = False
        self.sessions: list[Session] = []

    def opens(self, session: Session, held: Collection[int]) -> None:
        """Adds `session`. Now and then, sessions whose numbers are not in `held` are removed."""
        # Only when the list has doubled: scanning it for each session would be quadratic for a user that opens thousands.
        if len(self.sessions) & (len(self.sessions) - 1) == 0:
            self.sessions = [other for other in self.sessions if other.number in held]
        self.sessions.append(session)


class Task(msgspec.Struct, gc=False):
    """A behaviour that is being carried out, and where it belongs. Nothing that it holds refers to it."""

    behaviour: Resumable
    scope: TaskScope
    due: float = 0.0
    """When it is resumed, in seconds of the run, while it sleeps."""


class Request(msgspec.Struct):
    """A call and its encoded bytes: a job for the pool. msgspec makes one at a third of the cost of a class of Python's."""

    call: Call
    data: bytes
    task: Task
    is_repeatable: bool
    is_cut: bool
    queued: float = 0.0
    submitted: float = 0.0
