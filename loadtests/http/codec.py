"""Encodes calls as HTTP requests and decodes exchanges into answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec

from loadtests.http.exchange import Exchange
from loadtests.http.key import redacted
from loadtests.http.request import request_head
from loadtests.http.route import Route
from loadtests.model.api.answer import REPEATED, Answer, Outcome, Reason
from loadtests.model.api.description.call import CallDescription
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.template import (
    IDLE_TIMEOUT,
    KEPT,
    SESSION_ID,
    TEXT,
    TOKEN,
    Field,
    Piece,
    json_pieces,
    text_pieces,
)
from loadtests.model.api.operation import Operation
from loadtests.model.api.reading import reading_of
from loadtests.model.api.translation import answer_to
from loadtests.model.people.profile import Profile
from loadtests.model.session.steps import Call

_encode = msgspec.json.Encoder().encode

_NEW, _OK, _NO_REASON = Operation.NEW, Outcome.OK, Reason.NONE
"""Bound here for speed: see loadtests.engine."""

_SAMPLE = "I would like to know a little more about that please and then we can go on with the next point"
_SAMPLE_WORDS = _SAMPLE.split()

_Part = Callable[[Call], bytes]
"""Makes a part of a request that differs from call to call."""


class Codec:
    """Encodes and decodes for one API. It holds the key and uses it only in requests and to redact messages.

    Templates are compiled here, once: a request is a few pieces of bytes, joined.
    """

    def __init__(self, route: Route, api: ApiDescription, key: str, profiles: dict[str, Profile]) -> None:
        self._key = key
        self.activity, self.repeatable = api.activity, api.repeatable
        """The calls that reset the idle timer, and those that may be sent twice."""
        bodies = {operation: _body(call.body) for operation, call in api.calls.items()}
        if api.idle_timeout.disable:
            bodies[_NEW] = _disabling(api.idle_timeout.disable, bodies[_NEW], profiles)
        self._requests = {
            operation: _request(_head(route, api, call, key), bodies[operation])
            for operation, call in api.calls.items()
        }
        self._readings = {operation: reading_of(api, operation) for operation in api.calls}
        self._acknowledged: dict[Operation, tuple[int, bytes, int]] = {}
        """HTTP status, body and code of the last acknowledgement of each operation whose answers have no values to read."""
        self._with_token = {op for op, call in api.calls.items() if call.auth == "token" or TOKEN in call.fields}

    @property
    def unhindered(self) -> frozenset[Operation]:
        """The calls that can always be sent: the API has them, and they need no token."""
        return frozenset(self._requests) - self._with_token

    def has(self, operation: Operation) -> bool:
        """Whether the API under test has this operation."""
        return operation in self._requests

    def lacks_token(self, call: Call) -> bool:
        """Whether a call needs a token that no earlier answer gave."""
        return call.operation in self._with_token and not (call.session.kept or {}).get(TOKEN)

    def encode(self, call: Call) -> bytes:
        """Returns the complete request."""
        return self._requests[call.operation](call)

    def decode(self, operation: Operation, exchange: Exchange) -> Answer:
        """Returns what an exchange meant."""
        known = self._acknowledged.get(operation)
        if (
            known is not None
            and exchange.body == known[1]
            and exchange.status == known[0]
            and exchange.failure is _NO_REASON
            and not exchange.was_repeated
        ):
            # Most acknowledgements are byte for byte like the one before; reading them again would take three times as long.
            return Answer(_OK, _NO_REASON, exchange.sent, exchange.answered, known[0], known[2])
        answer = self._read(operation, exchange)
        if answer.outcome is _OK and not answer.message and self._readings[operation].reads_nothing:
            self._acknowledged[operation] = exchange.status, exchange.body, answer.code
        return answer

    def _read(self, operation: Operation, exchange: Exchange) -> Answer:
        if exchange.failure:
            outcome = Outcome.UNKNOWN if exchange.was_sent else Outcome.FAIL
            return Answer(outcome, exchange.failure, exchange.sent, exchange.answered, message=exchange.error)
        answer = answer_to(
            operation,
            exchange.status,
            exchange.body,
            exchange.sent,
            exchange.answered,
            exchange.retry_after,
            self._readings[operation],
        )
        if exchange.was_repeated:
            answer.message = answer.message or REPEATED
        if answer.message:
            answer.message = redacted(answer.message, self._key)
        return answer


def _request(head: bytes | _Part, body: bytes | _Part) -> _Part:
    """Returns what makes a complete request."""
    begin, end = _part_of(head), _part_of(body)
    if isinstance(head, bytes):
        # Nearly always: without a function's call for it.
        return lambda call: b"%b%d\r\n\r\n%b" % (head, len(text := end(call)), text)
    return lambda call: b"%b%d\r\n\r\n%b" % (begin(call), len(text := end(call)), text)


def _part_of(text: bytes | _Part) -> _Part:
    return (lambda call: text) if isinstance(text, bytes) else text


def _disabling(field: str, body: bytes | _Part, profiles: dict[str, Profile]) -> _Part:
    """Returns what makes the body of `new`, with the field that asks for no idle timeout for the profiles that do."""
    asking = {name for name, profile in profiles.items() if profile.disable_idle_timeout}
    plain, disable = _part_of(body), _encode({field: True})[1:]

    def made(call: Call) -> bytes:
        text = plain(call)
        if call.session.profile not in asking:
            return text
        return (text[:-1] + b"," if len(text) > 2 else b"{") + disable

    return made


def _head(route: Route, api: ApiDescription, call: CallDescription, key: str) -> bytes | _Part:
    """Returns the head of a call up to the length of its body, or what makes it."""
    credential = {"key": api.key.line(key), "token": api.token.line(_TOKEN_MARK), "none": ""}[call.auth]
    head = (
        request_head(route, call.method, _PATH_MARK, credential, has_body=call.body is not None) + b"Content-Length: "
    )
    before, rest = head.split(_PATH_MARK.encode())
    after, *token = rest.split(_TOKEN_MARK.encode())
    pieces: list[Piece] = [before, *text_pieces(call.path), after]
    for end in token:
        pieces += [Field(TOKEN, is_text=True), end]
    return _maker(pieces, in_json=False)


_PATH_MARK, _TOKEN_MARK = "\x00", "\x01"
"""Stand for the path and the token while a head is made."""


def _body(template: dict[str, Any] | None) -> bytes | _Part:
    return b"" if template is None else _maker(json_pieces(template), in_json=True)


def _maker(pieces: Iterable[Piece], in_json: bool) -> bytes | _Part:
    """Returns the bytes of a template without fields, or what makes them for a call."""
    # Bytes and parts in turn, beginning and ending with bytes.
    texts: list[bytes] = [b""]
    parts: list[_Part] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            texts[-1] += piece
        else:
            parts.append(_part(piece, in_json))
            texts.append(b"")
    # One function for each number of fields: nearly all templates have one or two, and a loop costs more than they do.
    match texts, parts:
        case [whole], []:
            return whole
        case [before, after], [part]:
            return lambda call: before + part(call) + after
        case [before, between, after], [one, two]:
            return lambda call: before + one(call) + between + two(call) + after
    rest = list(zip(parts, texts[1:], strict=True))
    return lambda call: texts[0] + b"".join([part(call) + text for part, text in rest])


def _part(field: Field, in_json: bool) -> _Part:
    value = _VALUES.get(field.name) or _kept_value(field.name)
    if not in_json:
        return lambda call: quote(str(value(call)), safe="-._~").encode()
    if field.is_text:
        return lambda call: _encode(str(value(call)))[1:-1]
    return _JSON.get(field.name) or (lambda call: _encode(value(call)))


def _kept_value(field: str) -> Callable[[Call], str]:
    name = field.removeprefix(KEPT)
    return lambda call: (call.session.kept or {}).get(name, "")


@lru_cache(maxsize=1024)
def _words_as_json(count: int) -> bytes:
    return _encode(words(count))


_VALUES: dict[str, Callable[[Call], Any]] = {
    SESSION_ID: lambda call: call.session.id,
    IDLE_TIMEOUT: lambda call: int(call.session.idle_timeout),
    TEXT: lambda call: words(call.words),
    TOKEN: lambda call: (call.session.kept or {}).get(TOKEN, ""),
}
_JSON: dict[str, _Part] = {
    SESSION_ID: lambda call: _encode(call.session.id),
    IDLE_TIMEOUT: lambda call: b"%d" % call.session.idle_timeout,
    TEXT: lambda call: _words_as_json(call.words),
}
"""Fields alone in a value, which are nearly all, without a detour."""


def words(count: int) -> str:
    """Returns a text of `count` words."""
    repeats = -(-count // len(_SAMPLE_WORDS))
    return " ".join((_SAMPLE_WORDS * repeats)[:count])


def withheld_answer(reason: Reason, now: float) -> Answer:
    """Returns the answer of a call that was not sent."""
    return Answer(Outcome.WITHHELD, reason, now, now)
