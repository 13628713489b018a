"""Encodes calls as HTTP requests and decodes exchanges into answers."""

from __future__ import annotations

import msgspec

from loadtests.http.connection import Exchange
from loadtests.http.key import redacted
from loadtests.http.request import WITH_BODY, request_head
from loadtests.http.route import Route
from loadtests.model.api.answer import REPEATED, Answer, Outcome, Reason
from loadtests.model.api.surface import Operation, Surface
from loadtests.model.api.translation import answer_from_body
from loadtests.model.people.profile import Profile
from loadtests.model.session.steps import Call

_encode = msgspec.json.Encoder().encode

_NEW, _TASK = Operation.NEW, Operation.TASK
"""Bound here for speed: see loadtests.engine."""

_SAMPLE = "I would like to know a little more about that please and then we can go on with the next point"
_SAMPLE_WORDS = _SAMPLE.split()


class Codec:
    """Encodes and decodes for one API. It holds the key and uses it only in requests and to redact messages."""

    def __init__(self, route: Route, surface: Surface, key: str, profiles: dict[str, Profile]) -> None:
        self._surface = surface
        self._id_field = surface.session_id
        self._before_id = _encode(surface.session_id)
        self._key = key
        self._disables_idle = {name: profile.disable_idle_timeout for name, profile in profiles.items()}
        self._heads: dict[Operation, bytes] = {
            operation: request_head(route, "POST", path, key)
            for operation in Operation
            if operation is not Operation.LIST and (path := surface.path(operation))
        }

    def has(self, operation: Operation) -> bool:
        """Whether the API under test has this operation."""
        return operation in self._heads

    def encode(self, call: Call) -> bytes:
        """Returns the complete request."""
        body = self._body(call)
        return WITH_BODY % (self._heads[call.operation], len(body), body)

    def decode(self, operation: Operation, exchange: Exchange) -> Answer:
        """Returns what an exchange meant. The outcome of a `new` that succeeds without an id is unknown."""
        if exchange.failure:
            outcome = Outcome.UNKNOWN if exchange.was_sent else Outcome.FAIL
            return Answer(outcome, exchange.failure, exchange.sent, exchange.answered, message=exchange.error)
        if not exchange.body and 200 <= exchange.status < 300 and operation is not _NEW:
            # 204, or 200 and 202 without a body: acknowledged, and nothing more to say.
            answer = Answer(Outcome.OK, Reason.NONE, exchange.sent, exchange.answered, exchange.status)
        else:
            answer = answer_from_body(
                exchange.status, exchange.body, exchange.sent, exchange.answered, exchange.retry_after, self._id_field
            )
        if operation is _NEW and answer.outcome is Outcome.OK and not answer.session_id:
            answer.outcome, answer.reason = Outcome.UNKNOWN, Reason.UNREADABLE
        if answer.outcome is Outcome.FAIL and self._surface.refusals:
            answer.reason = self._surface.refusal(answer.status, answer.code, answer.message) or answer.reason
        if exchange.was_repeated:
            answer.message = answer.message or REPEATED
        if answer.message:
            answer.message = redacted(answer.message, self._key)
        return answer

    def _body(self, call: Call) -> bytes:
        session, surface = call.session, self._surface
        if call.operation is _NEW:
            body: dict[str, object] = {surface.idle_timeout: int(session.idle_timeout)}
            if self._disables_idle.get(session.profile):
                body[surface.disable_idle_timeout] = True
            return _encode(body)
        if call.operation is _TASK:
            text = words(call.words)
            return _encode({surface.session_id: session.id, "text": text, "task_mode": "sync", "task_type": "talk"})
        if call.operation is Operation.CREATE_TOKEN:
            return b""
        return b"{%b:%b}" % (self._before_id, _encode(session.id))


def words(count: int) -> str:
    """Returns a text of `count` words."""
    repeats = -(-count // len(_SAMPLE_WORDS))
    return " ".join((_SAMPLE_WORDS * repeats)[:count])


def withheld_answer(reason: Reason, now: float) -> Answer:
    """Returns the answer of a call that was not sent."""
    return Answer(Outcome.WITHHELD, reason, now, now)
