"""The list of an API: where sessions, ids, states and times are, and how it is paged."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from loadtests.model.api.description.call import CallDescription
from loadtests.model.api.description.paging import Paging
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
    paging: Paging = Paging()
    """How its pages follow each other."""
    created_form: Literal["s", "ms", "iso"] = "s"
    """The form of `created_at`, as the sandbox answers."""

    @model_validator(mode="after")
    def _concerns_no_session(self) -> Self:
        if self.fields:
            raise ValueError(f"must not use fields (uses {{{min(self.fields)}}}): it is about no session")
        if self.auth == "token":
            raise ValueError('`auth` must be "key" or "none": it is sent with no session\'s token')
        if self.activity is not None:
            raise ValueError("`activity` is for calls on a session")
        if self.paging.next is not None and "" in self.sessions:
            raise ValueError("`paging.next` has no place in an answer that is an array: page by a `Link` header")
        return self

    @property
    def first_page(self) -> dict[str, str | int]:
        """Query parameters of every page."""
        size, parameter = self.paging.size, self.paging.size_parameter
        return {**self.query, **({parameter: size} if parameter and size else {})}

    def counts(self, state: object) -> bool:
        """Whether a session in this state is open."""
        return not self.open_states or not isinstance(state, str) or state.lower() in self.open_states
