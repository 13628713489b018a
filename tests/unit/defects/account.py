"""An account with defects, asked in virtual time."""

from __future__ import annotations

import itertools
from typing import Any

from loadtests.defects.account import open_account
from loadtests.defects.catalogue import parse_defects
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import Reply
from loadtests.model.api.rules import Terms
from loadtests.model.api.service import ApiRequest


class Account:
    """An account with the defects that `texts` name, and sessions called s1, s2 and so on."""

    def __init__(self, *texts: str, seed: int = 1, **terms: Any) -> None:
        numbers = itertools.count(1)
        self.closed: list[tuple[float, str]] = []
        self.rules, self.service = open_account(
            Terms(**terms), lambda: f"s{next(numbers)}", self._happened, parse_defects(texts), seed
        )

    def ask(self, now: float, operation: Operation, session_id: str = "", **asked: Any) -> Reply:
        """One call."""
        return self.service(now, ApiRequest(operation, session_id, **asked))

    def new(self, now: float, idle_timeout: float = 60) -> str:
        """The id of a session that opens."""
        reply = self.ask(now, Operation.NEW, idle_timeout=idle_timeout)
        assert reply.code == 100, reply
        return str(reply.data["session_id"])

    def listed(self, now: float) -> list[str]:
        """What the list shows."""
        return [session.id for session in self.ask(now, Operation.LIST).data]

    def ended(self, session_id: str, by: float) -> float | None:
        """When the session was closed; None: it is open."""
        self.rules.advance(by)
        return next((at for at, closed in self.closed if closed == session_id), None)

    def _happened(self, at: float, event: str, session: Any) -> None:
        if event == "closed":
            self.closed.append((at, session.id))
