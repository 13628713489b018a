"""The tokens that the sandbox gives, and the ids of its sessions."""

from __future__ import annotations

import secrets
from collections.abc import Callable


class Tokens:
    """Tokens that were given, each perhaps for one session."""

    def __init__(self) -> None:
        self._sessions: dict[bytes, str] = {}

    def give(self, session_id: str) -> str:
        """Returns a new token; `session_id`: the session that it is for, or "" if it is for none."""
        token = f"sandbox-token-{secrets.token_hex(8)}"
        self._sessions[token.encode()] = session_id
        return token

    def session_of(self, token: bytes) -> str | None:
        """The session of a token, "" if it is for none; None: it was not given here."""
        return self._sessions.get(token)


class SessionIds:
    """Gives the ids of new sessions: one that was promised with a token, or the next of `source`."""

    def __init__(self, source: Callable[[], str]) -> None:
        self._source = source
        self._reserved = ""

    def __call__(self) -> str:
        """Returns the id of the session that is being opened."""
        reserved, self._reserved = self._reserved, ""
        return reserved or self._source()

    def next(self) -> str:
        """Returns an id for a session that will be opened later."""
        return self._source()

    def reserve(self, session_id: str) -> None:
        """The next session that is opened gets this id."""
        self._reserved = session_id
