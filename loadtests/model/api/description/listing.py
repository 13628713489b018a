"""The list of an API: where sessions, ids, states and times are, and how it is paged."""

from __future__ import annotations

from typing import Literal

from loadtests.model.api.description.call import CallDescription
from loadtests.model.api.description.pointer import Pointer


class ListDescription(CallDescription):
    """The call that lists the account's sessions."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    query: dict[str, str | int] = {}
    """Parameters of the first page, and of all others."""
    sessions: tuple[Pointer, ...] = ("/data/sessions", "/sessions")
    """Where the array of sessions is: the first of these that there is."""
    id: Pointer = "/session_id"
    """In a session."""
    created_at: Pointer = "/created_at"
    """In a session: its time of creation, in Unix seconds, milliseconds or ISO 8601, told apart by its form."""
    state: Pointer = "/status"
    """In a session."""
    idle_timeout: Pointer | None = None
    """In a session: its idle timeout, in seconds; None: the list does not say it."""
    open_states: tuple[str, ...] = ()
    """States, in lower case, that count as open; (): every listed session does."""
    total: tuple[Pointer, ...] = ("/data/total", "/total")
    """How many sessions there are on all pages."""
    created_form: Literal["s", "ms", "iso"] = "s"
    """The form of `created_at`, as the sandbox answers."""

    def counts(self, state: object) -> bool:
        """Whether a session in this state is open."""
        return not self.open_states or not isinstance(state, str) or state.lower() in self.open_states
