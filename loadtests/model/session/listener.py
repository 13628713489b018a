"""The notifications that the engine sends while it works."""

from __future__ import annotations

from typing import Protocol

from loadtests.model.api.answer import Answer
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call


class EngineListener(Protocol):
    """Receives the engine's notifications. They run on the hot path and must not block.

    By default each does nothing, so that a subclass implements only those that it needs. (The explicit `return` makes them
    concrete for mypy: an empty body in a protocol counts as abstract.)
    """

    def on_answer(self, call: Call, answer: Answer, size: int) -> None:
        """`call` was answered, failed or was withheld; `size` is the body's length in bytes."""
        return

    def on_open(self, session: Session) -> None:
        """The API's id of `session` is known."""
        return

    def on_close(self, session: Session, at: float) -> None:
        """`session` is known to be closed since `at`, in seconds of the run."""
        return

    def on_give_up(self, session: Session) -> None:
        """The user will not try again to open `session`."""
        return
