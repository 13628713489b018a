"""Serves the API over HTTP. Plain ASGI, because a framework would cost more for each keep-alive than the rules do."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec

from loadtests.model.api.delivery import Delivery
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import NOT_JSON, UNAUTHORIZED, Reply, invalid
from loadtests.model.api.routing import Route
from loadtests.model.api.rules import Rules
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.api.similar_call import similar_call
from loadtests.sandbox import openapi
from loadtests.sandbox.cors import Headers, answer_headers, preflight_headers
from loadtests.sandbox.history import history
from loadtests.sandbox.inspection import Inspection, Observer, Seen
from loadtests.sandbox.protocol import EXTENSION
from loadtests.sandbox.tokens import SessionIds, Token, Tokens
from loadtests.sandbox.wire import Wire

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_Response = tuple[int, bytes, str]
"""Status, body, and the address of the next page or ""."""

_SEEN = 1000

LARGEST_BODY = 1 << 20
_LONGEST_VALUE = 60
AVATARS = [{"avatar_id": "sandbox-avatar", "created_at": 1700000000, "is_public": True, "status": "ACTIVE"}]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_JSON = (b"content-type", b"application/json")
_NO_TOKEN = Token("")
_NOT_FOUND = Reply(404, 404, "no such endpoint")


class App:
    """Serves `service`, and the history in `rules`, in the words of `api`. `key`: the only API key accepted; None: any."""

    def __init__(
        self,
        rules: Rules,
        service: Service,
        key: str | None,
        now: Callable[[], float] = time.monotonic,
        observer: Observer | None = None,
        api: ApiDescription | None = None,
    ) -> None:
        self._rules = rules
        self._service = service
        self._key = key.encode() if key is not None else None
        self._now = now
        self._wall = time.time() - now()
        self._api = api or default_api()
        self._inspection = Inspection(observer, self._api, rules, key) if observer else None
        self._wire = Wire(self._api, self._wall)
        self._tokens = Tokens(self._api.token.one_session)
        self._ids = rules.new_id = SessionIds(rules.new_id)
        self._last_request: float | None = None
        self._document = openapi.document(self._api, rules.terms)
        self._prefixes = _prefixes(self._api)
        self._seen: set[tuple[bytes, bytes]] = set()
        """Headers that are known to hold a key that is accepted."""
        self._others: dict[tuple[str, str], Callable[[float, dict[str, Any]], Reply]] = {}
        if self._api.is_default:
            self._others = {
                ("GET", "/v2/streaming.list"): partial(history, rules, self._wall),
                ("GET", "/v1/streaming/avatar.list"): lambda now, asked: Reply(data=AVATARS),
            }

    @property
    def routes(self) -> frozenset[tuple[str, str]]:
        """Method and path of every route."""
        calls = {(route.call.method, route.call.path) for route in self._wire.routes}
        return frozenset({*calls, *self._others, ("GET", openapi.PATH)})

    def unreadable(self) -> None:
        """A request was refused because it is not HTTP/1.1."""
        if self._inspection:
            self._inspection.unreadable(self._now())

    def quiet_seconds(self, now: float) -> float | None:
        """Returns how many seconds ago the last request came; None: none came yet."""
        return None if self._last_request is None else now - self._last_request

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        if scope["type"] != "http":
            return None
        body = await _read(receive)
        if body is None:
            return None
        self._last_request = self._now()
        headers: Headers = scope["headers"]
        if scope["method"] == "OPTIONS":
            return await self._answer_options(send, scope)
        allowed = answer_headers(headers)
        if (scope["method"], scope["path"]) == ("GET", openapi.PATH):
            return await _answer(send, 200, self._document, "", allowed)
        reply, response = self._handle(scope, body)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.retry_after:
            allowed.append((b"retry-after", b"%d" % reply.retry_after))
        if reply.delivery is Delivery.ANSWERED:
            return await _answer(send, *response, allowed)
        if reply.delivery is Delivery.GARBLED:
            return await _answer(send, reply.status, _GARBLED, "", allowed)
        if reply.delivery is not Delivery.UNANSWERED:
            await _break_off(scope["extensions"][EXTENSION]["transport"], send, reply, response)
        await _gone(receive)

    async def _answer_options(self, send: Send, scope: dict[str, Any]) -> None:
        """Answers a preflight, or a probe: no call, and not refused for its key, which it never carries."""
        headers: Headers = scope["headers"]
        if self._inspection and any(name == b"access-control-request-method" for name, _ in headers):
            self._inspection.preflight(self._now(), scope["path"], headers)
        methods = [
            *self._wire.methods(scope["path"]),
            *(method for method, path in self._others if path == scope["path"]),
        ]
        allow = (b"allow", ", ".join((*methods, "OPTIONS")).encode())
        await send({"type": "http.response.start", "status": 204, "headers": [allow, *preflight_headers(headers)]})
        await send({"type": "http.response.body", "body": b""})

    def _handle(self, scope: dict[str, Any], body: bytes) -> tuple[Reply, _Response]:
        """Returns the reply, and how it looks on the wire."""
        now = self._now()
        is_known, token = self._authorized(scope["headers"])
        found = self._wire.find(scope["method"], scope["path"], scope.get("raw_path"))
        if found is None:
            return self._handle_other(now, scope, body, is_known)
        route, fields = found
        request: ApiRequest | Reply = UNAUTHORIZED
        if is_known or route.call.auth == "none":
            asked = self._asked(scope, body)
            request = asked if isinstance(asked, Reply) else route.request(asked, fields, token.session_id)
        if token is not _NO_TOKEN and isinstance(request, ApiRequest) and self._is_reuse(now, token, request):
            request = UNAUTHORIZED
        if isinstance(request, Reply):
            reply, request = request, ApiRequest(route.operation)
        else:
            reply = self._serve(now, request, token)
        if self._inspection:
            seen = Seen(route, fields, scope["headers"], body, is_known, token is not _NO_TOKEN)
            self._inspection.call(now, request, reply, seen)
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

    def _serve(self, now: float, request: ApiRequest, token: Token) -> Reply:
        if token is _NO_TOKEN or request.operation is not Operation.NEW:
            return self._service(now, request)
        self._ids.reserve(token.session_id)
        reply = self._service(now, request)
        self._ids.reserve("")
        if reply.is_success and isinstance(reply.data, dict):
            self._tokens.opened(token, str(reply.data.get("session_id", "")))
        return reply

    def _is_reuse(self, now: float, token: Token, request: ApiRequest) -> bool:
        if request.operation is not Operation.NEW and not self._rules.knows(request.session_id):
            return False
        is_reuse = self._tokens.is_reuse(token, request.session_id)
        if is_reuse and self._inspection:
            self._inspection.reused(now, request.operation, token.session_id)
        return is_reuse

    def _handle_other(self, now: float, scope: dict[str, Any], body: bytes, is_known: bool) -> tuple[Reply, _Response]:
        """The same for a request that is no call of the API."""
        method, path = scope["method"], scope["path"]
        other = self._others.get((method, path))
        status = 404 if is_known else UNAUTHORIZED.status
        if self._inspection and not other and method != "HEAD":
            self._inspection.unknown_call(now, method, path, body, status)
        if is_known and not other:
            return _NOT_FOUND, (*self._wire.no_such_call(status, _no_endpoint(self._api, method, path)), "")
        reply = other(now, _query(scope["query_string"])) if is_known and other else UNAUTHORIZED
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
            return _not_json(scope["headers"])
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
            kept["token"] = self._tokens.give(session_id, has_opened=True)
        return kept

    def _authorized(self, headers: Headers) -> tuple[bool, Token]:
        """Returns whether the headers authorise a request, and their token."""
        for name, value in headers:
            if name not in self._prefixes:
                continue
            if (name, value) in self._seen:
                return True, _NO_TOKEN
            for prefix in self._prefixes[name]:
                if value[: len(prefix)].lower() == prefix:
                    given = value[len(prefix) :].strip()
                    token = self._tokens.find(given)
                    is_key = token is None and self._takes(given)
                    if is_key and len(self._seen) < _SEEN:
                        self._seen.add((name, value))
                    return is_key or token is not None, token or _NO_TOKEN
        return False, _NO_TOKEN

    def _takes(self, key: bytes) -> bool:
        return bool(key) if self._key is None else hmac.compare_digest(key, self._key)


def _prefixes(api: ApiDescription) -> dict[bytes, list[bytes]]:
    """Returns what stands before the key or token in each header that the API takes, in lower case, the longest first."""
    found: dict[bytes, list[bytes]] = {}
    for credential in sorted((api.key, *api.key.also, api.token), key=lambda one: -len(one.prefix)):
        found.setdefault(credential.header.lower().encode(), []).append(credential.prefix.lower().encode())
    return found


def _no_endpoint(api: ApiDescription, method: str, path: str) -> str:
    similar = similar_call(api, method, path)
    return f"no such endpoint: {method} {path}{f'; did you mean {similar[1]}?' if similar else ''}"


def _not_json(headers: Headers) -> Reply:
    """The refusal of a body, with the header that says why it is none."""
    for name, value in headers:
        if name == b"content-encoding" or (name == b"content-type" and b"json" not in value):
            told = f"{NOT_JSON.message} ({name.decode().title()}: {value[:_LONGEST_VALUE].decode('latin-1')})"
            return Reply(NOT_JSON.status, NOT_JSON.code, told)
    return NOT_JSON


def _query(raw: bytes) -> dict[str, Any]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(raw.decode("latin-1")))


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


async def _answer(send: Send, status: int, body: bytes, link: str, more: Headers) -> None:
    headers = [*_headers(body), *more] if body or status != 204 else more
    if link:
        headers.append((b"link", f'<{link}>; rel="next"'.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _headers(body: bytes) -> Headers:
    return [_JSON, (b"content-length", b"%d" % len(body))]
