"""What the requests of a client show beside the calls that they are, for an audit: calls that the API does not have, fields and
tokens that were misused, keys in pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import Reply
from loadtests.model.api.routing import Route
from loadtests.model.api.rules import Rules
from loadtests.model.api.service import ApiRequest
from loadtests.model.api.similar_field import similar_fields
from loadtests.model.log.record import Observation
from loadtests.sandbox.cors import Headers

_decode = msgspec.json.Decoder().decode
_HIDDEN = "[the key]"


class Observer(Protocol):
    """Whoever records what clients do: the journal."""

    def called(self, came: float, request: ApiRequest, reply: Reply) -> None:
        """A call of the API came at `came`."""

    def noted(self, came: float, kind: Observation, session_id: str, value: float, detail: str) -> None:
        """A request that came at `came` showed this."""


@dataclass(frozen=True)
class Seen:
    """A request that is a call of the API, as it came."""

    route: Route
    fields: Mapping[str, str]
    """Those in its path."""
    headers: Headers
    body: bytes
    is_known: bool
    """Its key or token authorises it."""
    has_token: bool
    """It is a token."""


class Inspection:
    """Looks at requests to the sandbox of `rules` and tells `observer`. `key`: the only API key accepted."""

    def __init__(self, observer: Observer, api: ApiDescription, rules: Rules, key: str | None) -> None:
        self._observer = observer
        self._note = observer.noted
        self._api = api
        self._rules = rules
        self._key = key or None
        self._key_headers = {one.header.lower() for one in (api.key, *api.key.also)}
        self._asked_for_keys: set[bytes] = set()
        """Origins whose pages asked whether they may send a key."""

    def preflight(self, now: float, path: str, headers: Headers) -> None:
        """A browser asks for permission."""
        given = dict(headers)
        wanted = given.get(b"access-control-request-headers", b"").decode("latin-1").lower()
        if self._key_headers & {name.strip() for name in wanted.split(",")}:
            self._asked_for_keys.add(given.get(b"origin", b""))
        self._note(now, Observation.PREFLIGHT, "", 0.0, self._without_key(path))

    def unreadable(self, now: float) -> None:
        """A request that is not HTTP/1.1."""
        self._note(now, Observation.UNREADABLE, "", 0.0, "")

    def unknown_call(self, now: float, method: str, path: str, body: bytes, status: int) -> None:
        """A request that is no call of the API."""
        session_id = next((part for part in path.split("/") if self._rules.knows(part)), "")
        line = f"{method} {self._without_key(path)}"
        self._note(now, Observation.UNKNOWN_CALL, session_id or self._named_in(_object(body)), float(status), line)

    def call(self, now: float, request: ApiRequest, reply: Reply, seen: Seen) -> None:
        """A call of the API, with its reply."""
        self._observer.called(now, request, reply)
        asked, operation = _object(seen.body), seen.route.operation
        if not seen.is_known and seen.route.call.auth != "none":
            self._unauthorized(now, seen, asked)
            return
        data = reply.data if isinstance(reply.data, dict) else {}
        session_id = (
            str(data.get("session_id", request.session_id)) if operation is Operation.NEW else request.session_id
        )
        self._fields(now, seen.route, asked, session_id)
        if not seen.has_token:
            self._carried_key(now, operation, session_id, seen.headers)

    def reused(self, now: float, operation: Operation, session_id: str) -> None:
        """The token of a session was sent for another one."""
        self._note(now, Observation.TOKEN_REUSED, session_id, 0.0, operation.value)

    def _unauthorized(self, now: float, seen: Seen, asked: dict[str, Any]) -> None:
        """A call without a key, or with a wrong one, may name a session."""
        request = seen.route.request(asked, seen.fields, "")
        session_id = request.session_id if isinstance(request, ApiRequest) else self._named_in(asked)
        if self._rules.knows(session_id):
            self._note(now, Observation.UNAUTHORIZED_CALL, session_id, 0.0, seen.route.operation.value)

    def _fields(self, now: float, route: Route, asked: dict[str, Any], session_id: str) -> None:
        """`session_id`: the session that the call named or opened, or ""."""
        disable = self._api.idle_timeout.disable if route.operation is Operation.NEW else ""
        found = list(similar_fields(route.call.body, (disable,) if disable else (), asked))
        named = session_id or self._named_in(asked)
        if named and not session_id and not found and asked.get(route.session_field) != named:
            # Its value says what the field is, whatever its name.
            found = [(name, route.session_field) for name, value in asked.items() if value == named]
        for sent, right in found:
            self._note(now, Observation.SIMILAR_FIELD, named, 0.0, f"{route.operation.value} {sent} {right}")

    def _carried_key(self, now: float, operation: Operation, session_id: str, headers: Headers) -> None:
        """A call carried the API key itself."""
        if self._asked_for_keys and any(name == b"origin" and value in self._asked_for_keys for name, value in headers):
            self._note(now, Observation.KEY_IN_PAGE, session_id, 0.0, operation.value)

    def _named_in(self, asked: dict[str, Any]) -> str:
        """The session whose id is a value of the body; "": none."""
        return next((value for value in asked.values() if isinstance(value, str) and self._rules.knows(value)), "")

    def _without_key(self, path: str) -> str:
        return path.replace(self._key, _HIDDEN) if self._key else path


def _object(body: bytes) -> dict[str, Any]:
    try:
        asked = _decode(body) if body else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return asked if isinstance(asked, dict) else {}
