"""Which call of an API a request is, and what it asks: a description, read from the server's end.

The sandbox answers the requests that it finds here; a recording proxy notes them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from loadtests.model.api.description.call import CallDescription
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.pointer import Getter, getter
from loadtests.model.api.description.template import IDLE_TIMEOUT, SESSION_ID, TEXT, Field, parts, pointer_of
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import Reply, invalid
from loadtests.model.api.service import ApiRequest

_LONGEST_TEXT = 100_000

_WITH_MORE = frozenset({Operation.CREATE_TOKEN, Operation.NEW, Operation.TASK, Operation.LIST})
"""Calls that say more than a session's id, or none."""

_NO_FIELDS: Mapping[str, str] = {}


class Route:
    """One call of the API, as a server takes it."""

    def __init__(self, operation: Operation, call: CallDescription, disable: str) -> None:
        self.operation = operation
        self.call = call
        self.pattern = re.compile("".join(map(_pattern, parts(call.path))))
        self.is_constant = not self.pattern.groupindex
        self._session = _reader(call.body, SESSION_ID)
        self._idle_timeout = _reader(call.body, IDLE_TIMEOUT)
        self._text = _reader(call.body, TEXT)
        self._disable = disable
        self.session_field = _name(call.body, SESSION_ID)
        """The name of the field that holds the session's id."""
        self._is_plain = operation not in _WITH_MORE and call.auth != "token" and self.is_constant
        """Whether it says nothing but a session's id, in its body."""
        repeats = operation is not Operation.NEW and call.answer.session_id
        self.gives = bool(operation is Operation.CREATE_TOKEN or call.answer.keep or call.answer.token or repeats)
        """Whether its answers have values that later calls need, or the session's id again."""

    def request(self, asked: dict[str, Any], fields: Mapping[str, str], bearer: str) -> ApiRequest | Reply:
        """Returns what a request with the body `asked` asks of the rules, or the refusal.

        `fields`: those in its path; `bearer`: the session of its token.
        """
        operation = self.operation
        if self._is_plain and self._session is not None and isinstance(named := self._session(asked), str):
            return ApiRequest(operation, named)
        if operation is Operation.NEW:
            idle_timeout = self._idle_timeout(asked) if self._idle_timeout else None
            disable = asked.get(self._disable, False) if self._disable else False
            return ApiRequest(operation, idle_timeout=idle_timeout, disable_idle_timeout=disable)
        session_id: Any = fields.get(SESSION_ID) or (self._session(asked) if self._session else None)
        if session_id is None and (bearer or self.call.auth == "token"):
            # The token says which session.
            session_id = bearer
        if operation is Operation.TASK:
            text = self._text(asked) if self._text else ""
            if text is None and _name(self.call.body, TEXT) not in asked:
                text = ""
            if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
                return invalid(f"text must be a string of at most {_LONGEST_TEXT} characters")
            if isinstance(session_id, str):
                return ApiRequest(operation, session_id, words=len(text.split()))
        if operation is Operation.CREATE_TOKEN or operation is Operation.LIST:
            return ApiRequest(operation)
        return (
            ApiRequest(operation, session_id)
            if isinstance(session_id, str)
            else invalid(f"{self.session_field} must be a string")
        )


class Routes:
    """The calls of one API."""

    def __init__(self, api: ApiDescription) -> None:
        disable = api.idle_timeout.disable
        self.all = [Route(operation, call, disable) for operation, call in api.calls.items()]
        if api.list is not None:
            self.all.append(Route(Operation.LIST, api.list, ""))
        constant = [route for route in self.all if route.is_constant]
        self._constant: dict[tuple[str, str], Route] = {(one.call.method, one.call.path): one for one in constant}
        self._others = [route for route in self.all if not route.is_constant]

    def find(self, method: str, path: str, raw_path: bytes | None) -> tuple[Route, Mapping[str, str]] | None:
        """Returns the route of a request, with the fields in its path; None: the API has no such call.

        `raw_path`: the path as it was sent, if it is known: an id may have an escaped slash.
        """
        constant = self._constant.get((method, path))
        if constant is not None:
            return constant, _NO_FIELDS
        sent = path if raw_path is None else raw_path.decode("ascii", "replace")
        for route in self._others:
            match = route.pattern.fullmatch(sent) if route.call.method == method else None
            if match:
                return route, {name: unquote(value) for name, value in match.groupdict().items()}
        return None


def _pattern(part: str | Field) -> str:
    return re.escape(part) if isinstance(part, str) else f"(?P<{part.name.replace('.', '_')}>[^/]+)"


def _reader(body: Any, name: str) -> Getter | None:
    pointer = pointer_of(body, name)
    return None if pointer is None else getter(pointer)


def _name(body: Any, name: str) -> str:
    return (pointer_of(body, name) or f"/{name}").rpartition("/")[2]
