"""One meaning for each reply: read from the sandbox's bytes, or translated directly in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.api.answer import Answer
from loadtests.model.api.delivery import Delivery
from loadtests.model.api.description.default import default_api
from loadtests.model.api.operation import Operation
from loadtests.model.api.reading import default_reading
from loadtests.model.api.reply import NO_CODE, Reply
from loadtests.model.api.rules import HostedSession, Rules, Terms
from loadtests.model.api.translation import answer_from_body, answer_from_reply
from loadtests.sandbox.app import App

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NUMBERS = st.integers(0, 2**40) | st.floats(0, 1e12)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "session_id": TEXT | JSON,
        "duration_ms": NUMBERS | JSON,
        "session_duration_limit": NUMBERS | JSON,
        "other": JSON,
    },
)
CODES = (
    st.sampled_from([NO_CODE, 100, 2**31, *sorted({row.code for row in default_reading().refusals if row.code})])
    | st.integers()
)
MESSAGES = st.sampled_from(["Concurrent limit reached", "Session not found", "rate"]) | TEXT
REPLIES = st.builds(
    Reply,
    # 204 has no body to read; the sandbox answers it only where a description says so.
    status=st.sampled_from([200, 201, 301, 400, 401, 404, 429, 500, 502, 503])
    | st.integers(200, 599).filter(lambda status: status != 204),
    code=CODES.filter(lambda code: abs(code) < 2**63),
    message=MESSAGES,
    data=st.none() | DATA,
    delivery=st.sampled_from(Delivery),
    retry_after=st.integers(0, 10**6),
)
OPERATIONS = st.sampled_from([operation for operation in Operation if operation is not Operation.LIST])


class _Transport:
    def abort(self) -> None:
        """The connection is reset."""

    close = abort


def _serve(operation: Operation, reply: Reply) -> list[dict[str, Any]]:
    """The ASGI messages of the sandbox where the API answers `operation` with `reply`."""
    app = App(Rules(Terms(), lambda: "an-id"), lambda now, request: reply, None, now=lambda: 0.0)
    method = "GET" if operation is Operation.LIST else "POST"
    requests = iter([{"type": "http.request", "body": b'{"session_id":"an-id","text":"hello"}'}])
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(requests, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": default_api().path(operation),
        "headers": [(b"x-api-key", b"any")],
        "query_string": b"",
        "extensions": {"sandbox.transport": {"transport": _Transport()}},
    }
    asyncio.run(app(scope, receive, send))
    return sent


def _read(messages: list[dict[str, Any]]) -> Answer | None:
    """The Answer to a complete HTTP response; None if the sandbox sent none."""
    if not messages or messages[-1].get("more_body"):
        return None
    start, body = messages
    headers = dict(start["headers"])
    assert int(headers[b"content-length"]) == len(body["body"])
    return answer_from_body(start["status"], body["body"], 1.0, 2.0, float(headers.get(b"retry-after", 0)))


@given(OPERATIONS, REPLIES)
def test_bytes_and_replies_have_one_meaning(operation: Operation, reply: Reply) -> None:
    """Any reply, served by the sandbox and read by the client, gives the Answer of virtual time."""
    # The sandbox adds a token to the data of create_token, which no Answer holds.
    read, direct = _read(_serve(operation, reply)), answer_from_reply(reply, 1.0, 2.0, 10.0)
    if read is None:
        assert (direct.outcome, direct.status, direct.session_id) == ("unknown", 0, "")
        assert reply.delivery in (Delivery.UNANSWERED, Delivery.RESET, Delivery.HALF)
    elif operation is Operation.CREATE_TOKEN and direct.outcome == "ok":
        assert (read.outcome, read.code) == (direct.outcome, direct.code)
    else:
        assert read == direct


@given(st.integers(0, 5), REPLIES)
def test_a_list_has_one_meaning(count: int, reply: Reply) -> None:
    """Its data are sessions, which the Answer does not hold."""
    sessions = tuple(HostedSession(str(number), 0.0, 60.0, 3600.0) for number in range(count))
    listed = Reply(reply.status, reply.code, reply.message, sessions, reply.delivery, reply.delay, reply.retry_after)
    read = _read(_serve(Operation.LIST, listed))
    assert read is None or read == answer_from_reply(listed, 1.0, 2.0, 10.0)


@given(REPLIES, st.floats(0.1, 60))
def test_a_late_reply_is_a_timeout(reply: Reply, timeout: float) -> None:
    """A client that has given up reads nothing."""
    answer = answer_from_reply(reply, 1.0, 1.0 + 2 * timeout, timeout)
    assert (answer.outcome, answer.reason, answer.answered) == ("unknown", "timeout", 1.0 + timeout)
