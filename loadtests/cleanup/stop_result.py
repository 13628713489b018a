"""What became of sessions that were to be closed, by the answers to their stops and by the list afterwards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from loadtests.model.api.answer import GONE, Answer, Outcome

GHOST = "still listed: a ghost"
"""Why a session counts as open although its stop was acknowledged."""


@dataclass
class StopResult:
    """Session ids by what happened to them."""

    closed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    """Already closed before."""
    refused: dict[str, str] = field(default_factory=dict)
    """Could not be closed, with the reason."""

    def add(self, session_id: str, answer: Answer) -> None:
        """Takes in the answer to a stop."""
        if answer.outcome is Outcome.OK:
            self.closed.append(session_id)
        elif answer.reason in GONE:
            self.gone.append(session_id)
        else:
            self.refused[session_id] = _refusal(answer)

    def check(self, listed: Collection[str]) -> tuple[list[str], list[str]]:
        """Corrects it by what is listed afterwards; returns the sessions that are still listed, and those that are not any more.

        One that stays listed although it was closed could not be closed; one that could not be closed and is not listed is gone.
        """
        ghosts = [session_id for session_id in (*self.closed, *self.gone) if session_id in listed]
        ended = [session_id for session_id in self.refused if session_id not in listed]
        for session_ids in (self.closed, self.gone):
            session_ids[:] = [session_id for session_id in session_ids if session_id not in listed]
        for session_id in ended:
            del self.refused[session_id]
        self.gone += ended
        self.refused |= dict.fromkeys(ghosts, GHOST)
        return ghosts, ended


def _refusal(answer: Answer) -> str:
    """Says why a stop did not succeed."""
    reason = f"{answer.reason or answer.outcome}"
    return f"{reason} (HTTP {answer.status})" if answer.status else reason
