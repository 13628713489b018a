"""The API's rules behind the words of a description: HTTP requests become requests of the rules, replies become answers."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from loadtests.model.api.description.call import CallDescription
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.listing import ListDescription
from loadtests.model.api.description.pointer import put
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import DONE, NO_CODE, PartialList, Reply
from loadtests.model.api.routing import Route, Routes
from loadtests.model.api.rules import HostedSession, Status
from loadtests.model.api.wording import in_words_of
from loadtests.sandbox.paging import shown_page

_SKELETONS = 100

_encode = msgspec.json.Encoder().encode


class Wire:
    """The routes of one API, and its answers. `wall`: Unix time minus the rules' time."""

    def __init__(self, api: ApiDescription, wall: float) -> None:
        self.api = api
        self._wall = wall
        self._routes = Routes(api)
        self.routes = self._routes.all
        self.find = self._routes.find
        self._values = {route.operation: tuple(_values(route.call)) for route in self.routes}
        """Names of the rules' values, where they are in a call's answers, and by what they are divided."""
        self._done: dict[Operation, bytes] = {}
        self._skeletons: dict[tuple[Operation, int, str], dict[str, Any]] = {}

    def methods(self, path: str) -> list[str]:
        """Returns the methods of the calls that have this path."""
        return [route.call.method for route in self.routes if route.pattern.fullmatch(path)]

    def body(self, route: Route, reply: Reply, kept: dict[str, str]) -> bytes:
        """Returns the body of a success. `kept`: values that later calls need, by name."""
        if reply is DONE and not kept and route.operation in self._done:
            return self._done[route.operation]
        call = route.call
        if call.empty:
            return b""
        document = self._started(route, reply)
        if isinstance(reply.data, dict):
            self._put_values(document, route, reply.data)
        for name, value in kept.items():
            pointer = _pointer(call, name)
            if pointer:
                put(document, pointer, value)
        encoded = _encode(document)
        if reply is DONE and not kept:
            self._done[route.operation] = encoded
        return encoded

    def list_body(self, reply: Reply, asked: Mapping[str, str]) -> tuple[bytes, str]:
        """Returns the body of the list's answer to the query `asked`, and the address for its `Link` header or ""."""
        listing = self.api.list
        assert listing is not None
        document = self._envelope(reply)
        _merge(document, listing.example)
        page = shown_page(listing, reply.data, asked)
        made = [self._row(listing, session) for session in page.rows]
        paging = listing.paging
        link = page.next if paging.by == "link" and paging.next is None else ""
        if listing.sessions[0] == "":
            return _encode(made), link
        put(document, listing.sessions[0], made)
        if isinstance(reply.data, PartialList) or (paging.by == "page" and listing.total):
            put(document, listing.total[0], getattr(reply.data, "total", len(reply.data)))
        if paging.next is not None and page.next:
            put(document, paging.next, page.next)
        return _encode(document), link

    def refusal(self, reply: Reply) -> tuple[int, bytes]:
        """Returns status and body of a refusal in the API's own words."""
        reply = in_words_of(self.api, reply)
        # The sessions of a list that was refused are not told.
        data = reply.data if isinstance(reply.data, dict) else None
        return reply.status, self._refused(reply.code, reply.message, data)

    def no_such_call(self, status: int, message: str) -> tuple[int, bytes]:
        """Returns status and body of the answer to what is no call of the API, for which it has no words of its own."""
        return status, self._refused(status, message, None)

    def _refused(self, code: int, message: str, data: dict[str, Any] | None) -> bytes:
        document: dict[str, Any] = {}
        answers = self.api.answers
        if answers.code:
            put(document, answers.code, code)
        if answers.data:
            put(document, answers.data, data)
        put(document, answers.message[0], message)
        return _encode(document)

    def _started(self, route: Route, reply: Reply) -> dict[str, Any]:
        """Returns what a success has but for its values: the same for each, as a copy."""
        kind = route.operation, reply.code, reply.message
        known = self._skeletons.get(kind)
        if known is None:
            known = self._envelope(reply)
            _merge(known, route.call.example)
            if len(self._skeletons) < _SKELETONS:
                self._skeletons[kind] = known
        copied: dict[str, Any] = _copy(known)
        return copied

    def _envelope(self, reply: Reply) -> dict[str, Any]:
        """Returns what a success has beside its data."""
        document: dict[str, Any] = {}
        answers = self.api.answers
        if answers.code and reply.code == NO_CODE and answers.error:
            put(document, answers.error, None)
        elif answers.code:
            put(document, answers.code, answers.success)
            put(document, answers.message[0], reply.message)
        if answers.data:
            put(document, answers.data, None)
        return document

    def _put_values(self, document: dict[str, Any], route: Route, data: dict[str, Any]) -> None:
        if self.api.is_default:
            # What the description has no place for: warnings, ids of tasks.
            own = document.get("data")
            document["data"] = {**own, **data} if own else dict(data)
        for name, pointer, divisor in self._values[route.operation]:
            value = data.get(name)
            if value is not None and not (self.api.is_default and pointer == f"/data/{name}"):
                put(document, pointer, value if divisor == 1 else value / divisor)

    def _row(self, listing: ListDescription, session: HostedSession) -> dict[str, Any]:
        row: dict[str, Any] = {}
        put(row, listing.id, session.id)
        status = Status.CONNECTED if session.status is Status.CLOSED else session.status
        put(row, listing.state, listing.open_states[0] if listing.open_states else status.value)
        put(row, listing.created_at, _time(session.created + self._wall, listing.created_form))
        if listing.idle_timeout is not None:
            put(row, listing.idle_timeout, session.idle_timeout)
        if self.api.is_default:
            row["api_key_type"] = "sandbox"
        return row


def _values(call: CallDescription) -> Iterator[tuple[str, str, int]]:
    fields = call.answer
    places = ("session_id", fields.session_id, 1), ("session_duration_limit", fields.cap, 1)
    for name, pointer, divisor in (
        *places,
        ("duration_ms", fields.duration, 1000 if fields.duration_unit == "s" else 1),
    ):
        if pointer is not None:
            yield name, pointer, divisor


def _pointer(call: CallDescription, name: str) -> str | None:
    """Where the answer has a value that later calls need."""
    return {"token": call.answer.token, "session_id": call.answer.session_id, **call.answer.keep}.get(name)


def _copy(document: Any) -> Any:
    """Returns a copy that can be written to; texts and numbers are shared."""
    if isinstance(document, dict):
        return {key: _copy(value) if isinstance(value, dict | list) else value for key, value in document.items()}
    return [_copy(value) if isinstance(value, dict | list) else value for value in document]


def _merge(document: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        inner = document.get(key)
        if isinstance(inner, dict) and isinstance(value, dict):
            _merge(inner, value)
        else:
            document[key] = copy.deepcopy(value)


def _time(unix: float, form: str) -> int | str:
    if form == "iso":
        return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return int(unix * 1000) if form == "ms" else int(unix)
