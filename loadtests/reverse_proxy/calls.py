"""Makes rows of the event log of exchanges that have passed. It keeps what the log has, and no more: no body, no text, no key, no
address.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from loadtests.http.body import UndecodableError, without_codings
from loadtests.http.fields import Header, named
from loadtests.http.key import redacted
from loadtests.model.api.answer import GONE, Answer, Outcome, Reason
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.template import TOKEN
from loadtests.model.api.operation import Operation
from loadtests.model.api.reading import reading_of
from loadtests.model.api.routing import Route
from loadtests.model.api.service import ApiRequest
from loadtests.model.api.translation import answer_to
from loadtests.model.log.record import Observation, nanoseconds
from loadtests.model.log.rows import LONGEST_MESSAGE
from loadtests.recording.client_log import ClientLog, seconds_asked
from loadtests.reverse_proxy.exchange import Exchange, Kept

_LARGEST_DECODED = 1 << 20
"""Bytes of a body without its content coding."""
_MOST_TOKENS = 100_000
_LEAST_SECRET = 4
"""Characters: what is shorter is no key."""
_SECRET_HEADERS = frozenset({b"authorization", b"cookie", b"proxy-authorization"})

_decode = msgspec.json.Decoder().decode


class Calls:
    """The rows of one API's calls. `zero`: the recording's 0 on the monotonic clock."""

    def __init__(self, log: ClientLog, api: ApiDescription, zero: float) -> None:
        self._log = log
        self._api = api
        self._zero = zero
        self._readings = {operation: reading_of(api, operation) for operation in Operation}
        credentials = (api.key, *api.key.also, api.token)
        self._secret_headers = _SECRET_HEADERS | {one.header.lower().encode() for one in credentials}
        self._token_header = api.token.header.lower().encode()
        self._sessions: dict[bytes, str] = {}
        """The session of each token, by a keyed hash: the token itself is not kept."""
        self._salt = secrets.token_bytes(16)

    def add(self, exchange: Exchange) -> None:
        """Appends the rows of an exchange that is a call. Raises nothing that is not a defect."""
        if exchange.call is None:
            return
        route, fields = exchange.call
        bearer = self._session_of_token(exchange) if route.call.auth == "token" else ""
        found = route.request(_asked(exchange), fields, bearer)
        request = found if isinstance(found, ApiRequest) else ApiRequest(route.operation)
        answer = self._answer(exchange, route)
        session_id = (answer.session_id or "") if route.operation is Operation.NEW else request.session_id
        self._keep_token(answer)
        self._append(exchange, request, answer, session_id)

    def _append(self, exchange: Exchange, request: ApiRequest, answer: Answer, session_id: str) -> None:
        operation, is_ok = request.operation, answer.outcome is Outcome.OK
        number = self._log.number(operation, session_id)
        if is_ok and not number and session_id:
            # It was opened before the recording began, or elsewhere.
            number = self._log.begin(session_id)
            self._log.opened(session_id)
        if operation is Operation.NEW and is_ok:
            self._log.opened(session_id)
        elif (operation is Operation.STOP and is_ok) or answer.reason in GONE:
            self._log.closed(session_id)
        at = nanoseconds(exchange.began - self._zero)
        took = nanoseconds(exchange.answered - exchange.began)
        # A client that was gone has not read the answer.
        answered = (answer.status, answer.code) if exchange.was_delivered else (0, 0)
        value, detail = self._value(request, answer), self._message(exchange, answer)
        if operation is Operation.NEW and is_ok:
            detail = session_id
        meant = answer.outcome, answer.reason
        self._log.call(at, took, number, session_id, operation, answered, meant, value, detail)
        if operation is Operation.NEW and is_ok:
            if answer.value:
                self._log.note(at, Observation.CAP, number, answer.value, None)
            if request.disable_idle_timeout:
                self._log.note(at, Observation.DEPRECATED, number, 0.0, self._api.idle_timeout.disable)

    def _value(self, request: ApiRequest, answer: Answer) -> float:
        if request.operation is Operation.NEW:
            return seconds_asked(request.idle_timeout, self._api.idle_timeout.default)
        if request.operation is Operation.LIST:
            return -1.0
        return answer.value if request.operation is Operation.TASK else 0.0

    def _answer(self, exchange: Exchange, route: Route) -> Answer:
        if exchange.failure:
            outcome = Outcome.FAIL if exchange.failure is Reason.CONNECT else Outcome.UNKNOWN
            return Answer(outcome, exchange.failure)
        # A body that was too large to keep, or is coded in a way that is not known, is like one that is not JSON.
        body = _read(exchange.answer, exchange.response_headers)
        reading = self._readings[route.operation]
        return answer_to(route.operation, exchange.status, b"?" if body is None else body, 0.0, 0.0, 0.0, reading)

    def _message(self, exchange: Exchange, answer: Answer) -> str | None:
        message = answer.message
        for secret in self._secrets(exchange) if message else ():
            message = redacted(message, secret)
        return message[:LONGEST_MESSAGE] or None

    def _secrets(self, exchange: Exchange) -> Iterator[str]:
        """Yields what an API may repeat of a request and the log must not have: keys, cookies, values of the query."""
        for name, value in exchange.headers:
            if name.lower() in self._secret_headers:
                text = value.decode("utf-8", "replace").strip()
                yield from (
                    part for part in (text, *text.replace(";", " ").replace("=", " ").split()) if _is_long(part)
                )
        yield from (value for _, value in _query(exchange) if _is_long(value))

    def _keep_token(self, answer: Answer) -> None:
        token = (answer.kept or {}).get(TOKEN)
        if token:
            self._sessions[self._digest(token.encode())] = answer.session_id or ""
            if len(self._sessions) > _MOST_TOKENS:
                del self._sessions[next(iter(self._sessions))]

    def _session_of_token(self, exchange: Exchange) -> str:
        given = next(iter(named(exchange.headers, self._token_header)), b"").strip()
        token = given[len(self._api.token.prefix) :].strip()
        return self._sessions.get(self._digest(token), "") if self._sessions else ""

    def _digest(self, token: bytes) -> bytes:
        return hashlib.blake2b(token, digest_size=16, key=self._salt).digest()


def _is_long(text: str) -> bool:
    return len(text) >= _LEAST_SECRET and text.lower() not in ("bearer", "basic", "token")


def _query(exchange: Exchange) -> list[tuple[str, str]]:
    return parse_qsl(exchange.query.decode("latin-1")) if exchange.query else []


def _asked(exchange: Exchange) -> dict[str, Any]:
    if exchange.method == b"GET":
        return dict(_query(exchange))
    body = _read(exchange.asked, exchange.headers)
    try:
        document = _decode(body) if body else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _read(kept: Kept, headers: list[Header]) -> bytes | None:
    """Returns a body as it was before coding; None if it cannot be read. What is passed on stays coded."""
    if not kept.is_whole:
        return None
    try:
        return without_codings(kept.data, b",".join(named(headers, b"content-encoding")), _LARGEST_DECODED)
    except UndecodableError:
        return None
