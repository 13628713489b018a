"""Serves the API over HTTP. Plain ASGI, because a framework would cost more for each keep-alive than the rules do."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from loadtests.model.api.delivery import Delivery
from loadtests.model.api.rules import (
    DONE,
    NO_CODE,
    NOT_JSON,
    UNAUTHORIZED,
    HostedSession,
    PartialList,
    Reply,
    Rules,
    Status,
    invalid,
)
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.api.surface import ACTIVITY, Operation, Surface
from loadtests.sandbox import openapi
from loadtests.sandbox.protocol import EXTENSION

Handler = Callable[[float, dict[str, Any]], Reply]
"""Answers one path, given the time and the decoded request."""
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Observe = Callable[[float, str, Any, Reply], None]
"""Called for each request: its time, its path, the decoded JSON, the reply."""

LARGEST_BODY = 1 << 20
AVATARS = [{"avatar_id": "sandbox-avatar", "created_at": 1700000000, "is_public": True, "status": "ACTIVE"}]
_PATHS = Surface()
_CREATE_TOKEN = _PATHS.path(Operation.CREATE_TOKEN)
_PAGE = 100
_LONGEST_TEXT = 100_000

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_JSON = (b"content-type", b"application/json")


class App:
    """Serves `service`, and the history in `rules`. `key`: the only API key accepted; None: any."""

    def __init__(
        self,
        rules: Rules,
        service: Service,
        key: str | None,
        now: Callable[[], float] = time.monotonic,
        observe: Observe | None = None,
    ) -> None:
        self._rules = rules
        self._service = service
        self._key = key.encode() if key is not None else None
        self._now = now
        self._wall = time.time() - now()
        self._observe = observe
        self._tokens = 0
        self._document = openapi.document(rules.terms)
        with_session = {*ACTIVITY, Operation.STOP} - {Operation.TASK}
        self._routes: Mapping[tuple[str, str], Handler] = {
            ("POST", _CREATE_TOKEN): self._create_token,
            ("POST", _PATHS.path(Operation.NEW)): self._new,
            ("POST", _PATHS.path(Operation.TASK)): self._task,
            **{("POST", _PATHS.path(operation)): self._with_session(operation) for operation in with_session},
            ("GET", _PATHS.path(Operation.LIST)): self._list,
            ("GET", "/v2/streaming.list"): self._history,
            ("GET", "/v1/streaming/avatar.list"): lambda now, body: Reply(data=AVATARS),
        }

    @property
    def routes(self) -> frozenset[tuple[str, str]]:
        """Method and path of every route."""
        return frozenset(self._routes) | {("GET", openapi.PATH)}

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        if scope["type"] != "http":
            return None
        body = await _read(receive)
        if body is None:
            return None
        if (scope["method"], scope["path"]) == ("GET", openapi.PATH):
            return await _answer(send, 200, self._document)
        now = self._now()
        asked, reply = self._handle(now, scope, body)
        if self._observe is not None:
            self._observe(now, scope["path"], asked, reply)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.delivery in (Delivery.ANSWERED, Delivery.GARBLED):
            return await _answer(send, reply.status, _body(reply), reply.retry_after)
        if reply.delivery is not Delivery.UNANSWERED:
            await _break_off(scope["extensions"][EXTENSION]["transport"], send, reply)
        await _gone(receive)

    def _handle(self, now: float, scope: dict[str, Any], body: bytes) -> tuple[Any, Reply]:
        """Returns the decoded request and the reply."""
        if not self._is_authorized(scope["headers"]):
            return {}, UNAUTHORIZED
        handler = self._routes.get((scope["method"], scope["path"]))
        if handler is None:
            return {}, Reply(404, 404, f"no such endpoint: {scope['method']} {scope['path']}")
        if scope["method"] == "GET":
            query = _query(scope["query_string"])
            return query, handler(now, query)
        asked: Any = {}
        if body:
            try:
                asked = _decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return {}, NOT_JSON
        if not isinstance(asked, dict):
            return {}, invalid("the body must be a JSON object")
        return asked, handler(now, asked)

    def _is_authorized(self, headers: list[tuple[bytes, bytes]]) -> bool:
        for name, value in headers:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                return self._takes(value[7:].strip())
            if name == b"x-api-key":
                return self._takes(value.strip())
        return False

    def _takes(self, key: bytes) -> bool:
        return bool(key) if self._key is None else hmac.compare_digest(key, self._key)

    def _create_token(self, now: float, asked: dict[str, Any]) -> Reply:
        self._tokens += 1
        reply = self._service(now, ApiRequest(Operation.CREATE_TOKEN))
        return replace(reply, data={"token": f"sandbox-token-{self._tokens}"}) if reply.is_success else reply

    def _new(self, now: float, asked: dict[str, Any]) -> Reply:
        disable = asked.get("disable_idle_timeout", False)
        reply = self._service(
            now,
            ApiRequest(Operation.NEW, idle_timeout=asked.get("activity_idle_timeout"), disable_idle_timeout=disable),
        )
        return reply if reply.data is None else replace(reply, data={**_MEDIA, **reply.data})

    def _task(self, now: float, asked: dict[str, Any]) -> Reply:
        text = asked.get("text", "")
        if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
            return invalid(f"text must be a string of at most {_LONGEST_TEXT} characters")
        session_id = asked.get("session_id")
        if not isinstance(session_id, str):
            return _NO_SESSION
        return self._service(now, ApiRequest(Operation.TASK, session_id, words=len(text.split())))

    def _with_session(self, operation: Operation) -> Handler:
        service = self._service

        def handle(now: float, asked: dict[str, Any]) -> Reply:
            session_id = asked.get("session_id")
            return service(now, ApiRequest(operation, session_id)) if isinstance(session_id, str) else _NO_SESSION

        return handle

    def _list(self, now: float, asked: dict[str, Any]) -> Reply:
        reply = self._service(now, ApiRequest(Operation.LIST))
        if reply.data is None:
            return reply
        total = {"total": reply.data.total} if isinstance(reply.data, PartialList) else {}
        return replace(reply, data={"sessions": [self._list_row(session) for session in reply.data], **total})

    def _list_row(self, session: HostedSession) -> dict[str, Any]:
        status = Status.CONNECTED if session.status is Status.CLOSED else session.status
        return {
            "session_id": session.id,
            "status": status.value,
            "created_at": int(session.created + self._wall),
            "api_key_type": "sandbox",
        }

    def _history(self, now: float, asked: dict[str, Any]) -> Reply:
        self._rules.advance(now)
        try:
            size = min(max(_whole(asked.get("page_size", _PAGE)), 1), _PAGE)
            token = _whole(asked.get("pagination_token", 1))
            page = max(_whole(asked.get("page", token)), 1)
        except msgspec.ValidationError:
            return invalid("page, pagination_token and page_size must be whole numbers")
        status = asked.get("status")
        rows = [*self._rules.closed.values(), *self._rules.open.values()]
        rows = [row for row in rows if status is None or row.status == status]
        shown = rows[(page - 1) * size : page * size]
        more = str(page + 1) if page * size < len(rows) else None
        data = [self._history_row(row, now) for row in shown]
        return Reply(
            data={"total": len(rows), "page": page, "page_size": size, "next_pagination_token": more, "data": data}
        )

    def _history_row(self, session: HostedSession, now: float) -> dict[str, Any]:
        ended = session.ended if session.status is Status.CLOSED else now
        return {
            "session_id": session.id,
            "status": session.status.value,
            "created_at": int(session.created + self._wall),
            "duration": round(ended - session.created, 3),
        }


def _query(raw: bytes) -> dict[str, Any]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(raw.decode("latin-1")))


def _whole(text: str | int) -> int:
    # Parsed like a JSON number: `int` would accept "1_0" and digits of any script.
    return msgspec.convert(text, int, strict=False)


def _body(reply: Reply) -> bytes:
    if reply.delivery is Delivery.GARBLED:
        return _GARBLED
    if reply is DONE:
        return _DONE
    if reply.is_success and reply.code == NO_CODE:
        return _encode({"error": None, "data": reply.data})
    return _encode({"code": reply.code, "message": reply.message, "data": reply.data})


_DONE = _encode({"code": DONE.code, "message": DONE.message, "data": None})
_GARBLED = b"<html><body>502 Bad Gateway</body></html>"
_NO_SESSION = invalid("session_id must be a string")
# Fields that a client needs to connect media; there is no media server behind them.
_MEDIA = {
    "url": "wss://sandbox.invalid",
    "access_token": "sandbox",
    "sdp": None,
    "ice_servers": None,
    "ice_servers2": None,
    "is_paid": True,
    "livekit_agent_token": "sandbox",
    "realtime_endpoint": "wss://sandbox.invalid/realtime",
}


async def _read(receive: Receive) -> bytes | None:
    """Returns the request's body; None if the client disconnected before its end."""
    body = b""
    while True:
        message: dict[str, Any] = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > LARGEST_BODY:
            return b"{"
        if not message.get("more_body", False):
            return body


async def _gone(receive: Receive) -> None:
    """Waits until the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _break_off(transport: asyncio.Transport, send: Send, reply: Reply) -> None:
    """Closes the connection instead of replying, at once or after half of the reply."""
    if reply.delivery is Delivery.RESET:
        return transport.abort()
    body = _body(reply)
    await send({"type": "http.response.start", "status": reply.status, "headers": _headers(body)})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    transport.close()


async def _answer(send: Send, status: int, body: bytes, retry_after: int = 0) -> None:
    headers = _headers(body)
    if retry_after:
        headers.append((b"retry-after", b"%d" % retry_after))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _headers(body: bytes) -> list[tuple[bytes, bytes]]:
    return [_JSON, (b"content-length", b"%d" % len(body))]
