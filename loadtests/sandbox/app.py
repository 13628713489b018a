"""Serves the API over HTTP. Plain ASGI, because a framework would cost more for each keep-alive than the rules do."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from loadtests.model.api.delivery import Delivery
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.api.rules import NOT_JSON, UNAUTHORIZED, HostedSession, Reply, Rules, Status, invalid
from loadtests.model.api.service import ApiRequest, Service
from loadtests.sandbox import openapi
from loadtests.sandbox.protocol import EXTENSION
from loadtests.sandbox.tokens import SessionIds, Tokens
from loadtests.sandbox.wire import Route, Wire

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Observe = Callable[[float, ApiRequest, Reply], None]
"""Called for each request that is a call of the API: its time, what it asks, the reply."""

_Response = tuple[int, bytes, str]
"""Status, body, and the address of the next page or ""."""

_AUTHORIZED = True, ""
_SEEN = 1000

LARGEST_BODY = 1 << 20
AVATARS = [{"avatar_id": "sandbox-avatar", "created_at": 1700000000, "is_public": True, "status": "ACTIVE"}]
_PAGE = 100

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_JSON = (b"content-type", b"application/json")


class App:
    """Serves `service`, and the history in `rules`, in the words of `api`. `key`: the only API key accepted; None: any."""

    def __init__(
        self,
        rules: Rules,
        service: Service,
        key: str | None,
        now: Callable[[], float] = time.monotonic,
        observe: Observe | None = None,
        api: ApiDescription | None = None,
    ) -> None:
        self._rules = rules
        self._service = service
        self._key = key.encode() if key is not None else None
        self._now = now
        self._wall = time.time() - now()
        self._observe = observe
        self._api = api or default_api()
        self._wire = Wire(self._api, self._wall)
        self._tokens = Tokens()
        self._ids = rules.new_id = SessionIds(rules.new_id)
        self._document = openapi.document(self._api, rules.terms)
        self._prefixes = _prefixes(self._api)
        self._seen: set[tuple[bytes, bytes]] = set()
        """Headers that are known to hold a key that is accepted."""
        self._others: dict[tuple[str, str], Callable[[float, dict[str, Any]], Reply]] = {}
        if self._api.is_default:
            self._others = {
                ("GET", "/v2/streaming.list"): self._history,
                ("GET", "/v1/streaming/avatar.list"): lambda now, asked: Reply(data=AVATARS),
            }

    @property
    def routes(self) -> frozenset[tuple[str, str]]:
        """Method and path of every route."""
        calls = {(route.call.method, route.call.path) for route in self._wire.routes}
        return frozenset({*calls, *self._others, ("GET", openapi.PATH)})

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        if scope["type"] != "http":
            return None
        body = await _read(receive)
        if body is None:
            return None
        if (scope["method"], scope["path"]) == ("GET", openapi.PATH):
            return await _answer(send, 200, self._document)
        reply, response = self._handle(scope, body)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.delivery is Delivery.ANSWERED:
            return await _answer(send, *response, reply.retry_after)
        if reply.delivery is Delivery.GARBLED:
            return await _answer(send, reply.status, _GARBLED, "", reply.retry_after)
        if reply.delivery is not Delivery.UNANSWERED:
            await _break_off(scope["extensions"][EXTENSION]["transport"], send, reply, response)
        await _gone(receive)

    def _handle(self, scope: dict[str, Any], body: bytes) -> tuple[Reply, _Response]:
        """Returns the reply, and how it looks on the wire."""
        now = self._now()
        is_known, token_session = self._authorized(scope["headers"])
        found = self._wire.find(scope["method"], scope["path"], scope.get("raw_path"))
        if found is None:
            return self._handle_other(now, scope, is_known)
        route, fields = found
        request: ApiRequest | Reply = UNAUTHORIZED
        if is_known or route.call.auth == "none":
            asked = self._asked(scope, body)
            request = asked if isinstance(asked, Reply) else route.request(asked, fields, token_session)
        if isinstance(request, Reply):
            reply, request = request, ApiRequest(route.operation)
        else:
            if token_session and route.operation is Operation.NEW:
                self._ids.reserve(token_session)
            reply = self._service(now, request)
        if self._observe is not None:
            self._observe(now, request, reply)
        if not reply.is_success:
            return reply, (*self._wire.refusal(reply), "")
        status = route.call.status if reply.status == 200 else reply.status
        if route.operation is Operation.LIST:
            return reply, (status, *self._wire.list_body(reply, _query(scope["query_string"])))
        return reply, (
            status,
            self._wire.body(route, reply, self._kept(route, request, reply) if route.gives else {}),
            "",
        )

    def _handle_other(self, now: float, scope: dict[str, Any], is_known: bool) -> tuple[Reply, _Response]:
        """The same for a request that is no call of the API."""
        method, path = scope["method"], scope["path"]
        other = self._others.get((method, path))
        if not is_known:
            reply = UNAUTHORIZED
        else:
            reply = other(now, _query(scope["query_string"])) if other else _no_endpoint(method, path)
        if not reply.is_success:
            return reply, (*self._wire.refusal(reply), "")
        return reply, (reply.status, _encode({"code": reply.code, "message": reply.message, "data": reply.data}), "")

    def _asked(self, scope: dict[str, Any], body: bytes) -> dict[str, Any] | Reply:
        """Returns the decoded request, or the refusal."""
        if scope["method"] == "GET":
            return _query(scope["query_string"])
        if not body:
            return {}
        try:
            asked = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return NOT_JSON
        return asked if isinstance(asked, dict) else invalid("the body must be a JSON object")

    def _kept(self, route: Route, request: ApiRequest, reply: Reply) -> dict[str, str]:
        """Returns the values of an answer that later calls need, by name, and the id of the session that it is about."""
        fields = route.call.answer
        if request.session_id and fields.session_id:
            return {"session_id": request.session_id}
        data = reply.data if isinstance(reply.data, dict) else {}
        session_id = str(data.get("session_id", ""))
        kept = {name: f"{name}-{session_id}" for name in fields.keep}
        if route.operation is Operation.CREATE_TOKEN:
            reserved = self._ids.next() if fields.session_id else ""
            kept["token"] = self._tokens.give(reserved)
            if fields.session_id:
                kept["session_id"] = reserved
        elif fields.token:
            kept["token"] = self._tokens.give(session_id)
        return kept

    def _authorized(self, headers: list[tuple[bytes, bytes]]) -> tuple[bool, str]:
        """Returns whether the headers authorise a request, and the session of their token."""
        for name, value in headers:
            if name not in self._prefixes:
                continue
            if (name, value) in self._seen:
                return _AUTHORIZED
            for prefix in self._prefixes[name]:
                if value[: len(prefix)].lower() == prefix:
                    given = value[len(prefix) :].strip()
                    session_id = self._tokens.session_of(given)
                    is_key = session_id is None and self._takes(given)
                    if is_key and len(self._seen) < _SEEN:
                        self._seen.add((name, value))
                    return is_key or session_id is not None, session_id or ""
        return False, ""

    def _takes(self, key: bytes) -> bool:
        return bool(key) if self._key is None else hmac.compare_digest(key, self._key)

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


def _prefixes(api: ApiDescription) -> dict[bytes, list[bytes]]:
    """Returns what stands before the key or token in each header that the API takes, in lower case, the longest first."""
    found: dict[bytes, list[bytes]] = {}
    for credential in sorted((api.key, *api.key.also, api.token), key=lambda one: -len(one.prefix)):
        found.setdefault(credential.header.lower().encode(), []).append(credential.prefix.lower().encode())
    return found


def _no_endpoint(method: str, path: str) -> Reply:
    return Reply(404, 404, f"no such endpoint: {method} {path}")


def _query(raw: bytes) -> dict[str, Any]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(raw.decode("latin-1")))


def _whole(text: str | int) -> int:
    # Parsed like a JSON number: `int` would accept "1_0" and digits of any script.
    return msgspec.convert(text, int, strict=False)


_GARBLED = b"<html><body>502 Bad Gateway</body></html>"


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


async def _break_off(transport: asyncio.Transport, send: Send, reply: Reply, response: _Response) -> None:
    """Closes the connection instead of replying, at once or after half of the reply."""
    if reply.delivery is Delivery.RESET:
        return transport.abort()
    status, body, _ = response
    await send({"type": "http.response.start", "status": status, "headers": _headers(body)})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    transport.close()


async def _answer(send: Send, status: int, body: bytes, link: str = "", retry_after: int = 0) -> None:
    headers = _headers(body) if status != 204 else []
    if link:
        headers.append((b"link", f'<{link}>; rel="next"'.encode()))
    if retry_after:
        headers.append((b"retry-after", b"%d" % retry_after))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _headers(body: bytes) -> list[tuple[bytes, bytes]]:
    return [_JSON, (b"content-length", b"%d" % len(body))]
