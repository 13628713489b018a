"""The API's rules behind the words of a description: HTTP requests become requests of the rules, replies become answers."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec

from loadtests.model.api.answer import Outcome, Reason
from loadtests.model.api.description.call import CallDescription
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.listing import ListDescription
from loadtests.model.api.description.pointer import Getter, getter, put
from loadtests.model.api.description.template import IDLE_TIMEOUT, SESSION_ID, TEXT, Field, parts, pointer_of
from loadtests.model.api.operation import Operation
from loadtests.model.api.rules import DONE, NO_CODE, HostedSession, PartialList, Reply, Status, invalid
from loadtests.model.api.service import ApiRequest
from loadtests.model.api.translation import answer_from_reply

_LONGEST_TEXT = 100_000

_NO_FIELDS: Mapping[str, str] = {}

_encode = msgspec.json.Encoder().encode


class Route:
    """One call of the API, as the sandbox takes it."""

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
        self.gives = bool(operation is Operation.CREATE_TOKEN or call.answer.keep or call.answer.token)
        """Whether its answers have values that later calls need."""

    def request(self, asked: dict[str, Any], fields: Mapping[str, str], bearer: str) -> ApiRequest | Reply:
        """Returns what a request with the body `asked` asks of the rules, or the refusal.

        `fields`: those in its path; `bearer`: the session of its token.
        """
        operation = self.operation
        if operation is Operation.NEW:
            idle_timeout = self._idle_timeout(asked) if self._idle_timeout else None
            disable = asked.get(self._disable, False) if self._disable else False
            return ApiRequest(operation, idle_timeout=idle_timeout, disable_idle_timeout=disable)
        session_id: Any = fields.get(SESSION_ID) or (self._session(asked) if self._session else None)
        if session_id is None and self.call.auth == "token":
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


class Wire:
    """The routes of one API, and its answers. `wall`: Unix time minus the rules' time."""

    def __init__(self, api: ApiDescription, wall: float) -> None:
        self.api = api
        self._wall = wall
        disable = api.idle_timeout.disable
        self.routes = [Route(operation, call, disable) for operation, call in api.calls.items()]
        if api.list is not None:
            self.routes.append(Route(Operation.LIST, api.list, ""))
        constant = [route for route in self.routes if route.is_constant]
        self._constant: dict[tuple[str, str], Route] = {(one.call.method, one.call.path): one for one in constant}
        self._others = [route for route in self.routes if not route.is_constant]
        self._done: dict[Operation, bytes] = {}

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
        document = self._envelope(reply)
        _merge(document, call.example)
        if isinstance(reply.data, dict):
            self._put_values(document, call, reply.data)
        elif route.operation is Operation.LIST and isinstance(call, ListDescription) and reply.data is not None:
            self._put_list(document, call, reply.data)
            if call.sessions[0] == "":
                return _encode(document[""])
        for name, value in kept.items():
            pointer = _pointer(call, name)
            if pointer:
                put(document, pointer, value)
        encoded = _encode(document)
        if reply is DONE and not kept:
            self._done[route.operation] = encoded
        return encoded

    def refusal(self, reply: Reply) -> tuple[int, bytes]:
        """Returns status and body of a refusal in the API's own words."""
        status, code, message = reply.status, reply.code, reply.message
        if not self.api.is_default:
            rule = self.api.wording(_reason(reply))
            if rule is not None:
                status = rule.status or (status if status >= 400 else 400)
                code, message = rule.code or status, (rule.text[:1].upper() + rule.text[1:]) or message
            elif status < 400:
                status = 400
        # The sessions of a list that was refused are not told.
        return status, self._refused(code, message, reply.data if isinstance(reply.data, dict) else None)

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

    def _put_values(self, document: dict[str, Any], call: CallDescription, data: dict[str, Any]) -> None:
        if self.api.is_default:
            # What the description has no place for: warnings, ids of tasks.
            _merge(document, {"data": data})
        fields = call.answer
        duration = data.get("duration_ms")
        if duration is not None and fields.duration_unit == "s":
            duration = duration / 1000
        for pointer, value in (
            (fields.session_id, data.get("session_id")),
            (fields.cap, data.get("session_duration_limit")),
            (fields.duration, duration),
        ):
            if pointer is not None and value is not None:
                put(document, pointer, value)

    def _put_list(self, document: dict[str, Any], listing: ListDescription, rows: Any) -> None:
        made = [self._row(listing, session) for session in rows]
        put(document, listing.sessions[0], made) if listing.sessions[0] else document.update({"": made})
        if isinstance(rows, PartialList):
            put(document, listing.total[0], rows.total)

    def _row(self, listing: ListDescription, session: HostedSession) -> dict[str, Any]:
        row: dict[str, Any] = {}
        put(row, listing.id, session.id)
        status = Status.CONNECTED if session.status is Status.CLOSED else session.status
        put(row, listing.state, listing.open_states[0] if listing.open_states else status.value)
        put(row, listing.created_at, _time(session.created + self._wall, listing.created_form))
        if self.api.is_default:
            row["api_key_type"] = "sandbox"
        return row


def _pointer(call: CallDescription, name: str) -> str | None:
    """Where the answer has a value that later calls need."""
    return {"token": call.answer.token, "session_id": call.answer.session_id, **call.answer.keep}.get(name)


def _pattern(part: str | Field) -> str:
    return re.escape(part) if isinstance(part, str) else f"(?P<{part.name.replace('.', '_')}>[^/]+)"


def _reader(body: Any, name: str) -> Getter | None:
    pointer = pointer_of(body, name)
    return None if pointer is None else getter(pointer)


def _name(body: Any, name: str) -> str:
    return (pointer_of(body, name) or f"/{name}").rpartition("/")[2]


def _reason(reply: Reply) -> Reason:
    answer = answer_from_reply(reply, 0.0, 0.0, 1.0)
    return Reason.NONE if answer.outcome is Outcome.OK else answer.reason


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
