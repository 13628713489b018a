"""The tokens that the sandbox gives, and the ids of its sessions."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Token:
    """A token that was given."""

    session_id: str
    """The session that it is for; "": none yet."""
    has_opened: bool = False
    """A session was opened with it."""


class Tokens:
    """Tokens that were given. `one_session`: a token opens one session, and is good for the calls of that session alone."""

    def __init__(self, one_session: bool) -> None:
        self._one_session = one_session
        self._given: dict[bytes, Token] = {}

    def give(self, session_id: str, has_opened: bool = False) -> str:
        """Returns a new token; `session_id`: the session that it is for, or "" if it is for none; `has_opened`: it is open."""
        token = f"sandbox-token-{secrets.token_hex(8)}"
        self._given[token.encode()] = Token(session_id, has_opened)
        return token

    def find(self, token: bytes) -> Token | None:
        """The token of that text; None: it was not given here."""
        return self._given.get(token)

    def is_reuse(self, token: Token, session_id: str) -> bool:
        """Whether a call on `session_id` ("": `new`) would use the token for a second session."""
        if not token.session_id:
            return False
        # An id that is given with the token is that of one session, whatever else the API allows.
        return token.has_opened and (self._one_session or not session_id) and session_id != token.session_id

    def opened(self, token: Token, session_id: str) -> None:
        """A session was opened with it."""
        if self._one_session or token.session_id:
            token.session_id, token.has_opened = session_id, True


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
