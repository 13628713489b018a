"""The API's rules behind the words of a description: HTTP requests become requests of the rules, replies become answers."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import msgspec

from loadtests.model.api.answer import Outcome, Reason
from loadtests.model.api.description.call import CallDescription
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.listing import ListDescription
from loadtests.model.api.description.pointer import put
from loadtests.model.api.operation import Operation
from loadtests.model.api.routing import Route, Routes
from loadtests.model.api.rules import DONE, NO_CODE, HostedSession, PartialList, Reply, Status
from loadtests.model.api.translation import answer_from_reply

_encode = msgspec.json.Encoder().encode


class Wire:
    """The routes of one API, and its answers. `wall`: Unix time minus the rules' time."""

    def __init__(self, api: ApiDescription, wall: float) -> None:
        self.api = api
        self._wall = wall
        self._routes = Routes(api)
        self.routes = self._routes.all
        self.find = self._routes.find
        self._done: dict[Operation, bytes] = {}

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
        answers = self.api.answers
        if not self.api.is_default:
            rule = self.api.wording(_reason(reply))
            if rule is not None:
                status = rule.status or (status if status >= 400 else 400)
                code, message = rule.code or status, (rule.text[:1].upper() + rule.text[1:]) or message
            elif status < 400:
                status = 400
        document: dict[str, Any] = {}
        if answers.code:
            put(document, answers.code, code)
        if answers.data:
            # The sessions of a list that was refused are not told.
            put(document, answers.data, reply.data if isinstance(reply.data, dict) else None)
        put(document, answers.message[0], message)
        return status, _encode(document)

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
