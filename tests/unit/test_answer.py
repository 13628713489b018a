"""What an answer means: the documented table row by row, and whatever else may come over the wire."""

from __future__ import annotations

import errno
import json
import math
import socket
import ssl
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from loadtests.http.failure import connect_failure
from loadtests.http.proxy import ProxyError
from loadtests.model.api.answer import FULL, GONE, Answer, Outcome, Reason
from loadtests.model.api.description.changes import ApiChanges
from loadtests.model.api.description.default import default_api
from loadtests.model.api.operation import Operation
from loadtests.model.api.reading import default_reading, reading_of
from loadtests.model.api.refusals import refusal_reason
from loadtests.model.api.translation import answer_from_body

TABLE: list[tuple[int, int, str, Reason]] = [
    (400, 10001, "Session state wrong: new", Reason.STATE),
    (400, 10002, "Session state wrong: connecting", Reason.STATE),
    (400, 10003, "Session state wrong: connected", Reason.STATE),
    (400, 10004, "Session state wrong: closing", Reason.CLOSED),
    (400, 10005, "Session state wrong: closed", Reason.CLOSED),
    (404, 10006, "Session not found", Reason.MISSING),
    (404, 400004, "Session does not exist. SessionID: 5f0e", Reason.MISSING),
    (429, 10007, "Concurrent limit reached", Reason.CONCURRENCY),
    (400, 10004, "Concurrent limit reached, please upgrade your plan for formal usage.", Reason.CONCURRENCY),
    (429, 10014, "Session full; please try again later", Reason.SESSION_FULL),
    (429, 10015, "Trial API limit reached", Reason.QUOTA),
    (429, 400123, "Exceed rate limit", Reason.RATE),
    (404, 10012, "Avatar not found", Reason.REFUSED),
    (403, 10013, "Avatar not allowed", Reason.REFUSED),
    (401, 400112, "Unauthorized", Reason.UNAUTHORIZED),
    (400, 40012, "Invalid parameter", Reason.INVALID),
    (400, 400128, "Invalid parameter", Reason.INVALID),
    (400, 40118, "body is not JSON", Reason.INVALID),
]


def answer(status: int, body: Any) -> Answer:
    """What an answer with a JSON body means."""
    return answer_from_body(status, json.dumps(body).encode(), 1.0, 2.0)


def meaning(found: Answer) -> tuple[Outcome, Reason]:
    """Outcome and reason."""
    return found.outcome, found.reason


@pytest.mark.parametrize(("status", "code", "message", "reason"), TABLE)
def test_row_of_the_error_table(status: int, code: int, message: str, reason: Reason) -> None:
    """Each documented error certainly had no effect, and has its reason; status, code and message are kept."""
    found = answer(status, {"code": code, "message": message})
    assert meaning(found) == (Outcome.FAIL, reason)
    assert (found.status, found.code, found.message, found.sent, found.answered) == (status, code, message, 1.0, 2.0)


@pytest.mark.parametrize(("status", "code", "message", "reason"), TABLE)
def test_error_in_a_200_is_the_same_error(status: int, code: int, message: str, reason: Reason) -> None:
    """An API that answers errors with HTTP 200 and a code means the same."""
    assert meaning(answer(200, {"code": code, "message": message, "data": None})) == (Outcome.FAIL, reason)


@pytest.mark.parametrize("status", [200, 400, 402, 403, 404, 429])
@pytest.mark.parametrize("message", ["CONCURRENT LIMIT reached", "concurrent limit", "Your Concurrent Limit is 3"])
def test_concurrency_is_told_by_the_message_whatever_the_status(status: int, message: str) -> None:
    """Sister APIs answer a full account with other statuses and codes: the message decides, in any case."""
    assert meaning(answer(status, {"code": 10004, "message": message})) == (Outcome.FAIL, Reason.CONCURRENCY)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (429, {"code": 1, "message": "Rate exceeded"}, Reason.RATE),
        (429, {"code": 1, "message": "slow down"}, Reason.RATE),
        (404, {"code": 1, "message": "No such SESSION"}, Reason.MISSING),
        (404, {"code": 1, "message": "no such page"}, Reason.REFUSED),
        (401, {"code": 1, "message": "who are you?"}, Reason.UNAUTHORIZED),
        (418, {"code": 1, "message": "a teapot"}, Reason.REFUSED),
        (400, {"message": None, "code": None, "error": {"code": 5}}, Reason.REFUSED),
        (400, {}, Reason.REFUSED),
        (200, {"error": "no", "data": None}, Reason.REFUSED),
    ],
)
def test_refusal_without_a_documented_code(status: int, body: dict[str, Any], reason: Reason) -> None:
    """Other refusals are told by status and message, or are just refusals."""
    assert meaning(answer(status, body)) == (Outcome.FAIL, reason)


def test_sets_of_reasons() -> None:
    """What says "gone", and what a client may retry: never the quota, and no refusal that is not about room."""
    assert frozenset({Reason.CLOSED, Reason.MISSING}) == GONE
    assert frozenset({Reason.CONCURRENCY, Reason.SESSION_FULL, Reason.RATE}) == FULL


@pytest.mark.parametrize(
    ("body", "session_id", "value"),
    [
        ({"code": 100, "message": "success", "data": None}, "", 0.0),
        ({"code": 100, "message": "success"}, "", 0.0),
        ({"data": {"session_id": "abc"}}, "abc", 0.0),
        ({"code": 100, "data": {"session_id": "abc", "session_duration_limit": 600}}, "abc", 600.0),
        ({"code": 100, "data": {"duration_ms": 2500, "task_id": "t"}}, "", 2.5),
        ({"code": 100, "data": {"duration_ms": 0.5}}, "", 0.0005),
        ({"error": None, "data": {"token": "secret"}}, "", 0.0),
        ({"code": 100, "data": {"session_id": 5, "duration_ms": "long", "session_duration_limit": None}}, "5", 0.0),
        ({"code": 100, "data": {"session_id": True}}, "", 0.0),
        ({"code": 100, "data": {"session_id": 1.5}}, "", 0.0),
        ({"code": 100, "data": [1, 2]}, "", 0.0),
    ],
)
def test_success(body: dict[str, Any], session_id: str, value: float) -> None:
    """HTTP 2xx with code 100, or with neither code nor error; the id, the cap and the answer's duration are read."""
    found = answer(200, body)
    assert meaning(found) == (Outcome.OK, Reason.NONE)
    assert (found.session_id, found.value) == (session_id, value)


@pytest.mark.parametrize("code", [0, 101, -1, 10007, 10007.0, "10007", 99_999_999_999, 10**30, True, False, [100]])
def test_any_other_code_is_no_success(code: Any) -> None:
    """HTTP 200 with a code that is not 100 is no success, in whatever shape the code comes."""
    found = answer(200, {"code": code, "message": "no"})
    assert found.outcome is not Outcome.OK
    assert type(found.code) is int


@pytest.mark.parametrize("amount", [-1, -600.5, True])
@pytest.mark.parametrize("field", ["duration_ms", "session_duration_limit"])
def test_amount_that_makes_no_sense_is_none(field: str, amount: Any) -> None:
    """A negative duration or cap (-1 for "unlimited") is taken as not told."""
    assert answer(200, {"code": 100, "data": {"session_id": "abc", field: amount}}).value == 0.0


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (500, Reason.SERVER_ERROR),
        (502, Reason.SERVER_ERROR),
        (599, Reason.SERVER_ERROR),
        (301, Reason.REDIRECT),
        (307, Reason.REDIRECT),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"code":100,"data":{"session_id":"abc"}}', b'{"code":10005}'])
def test_server_errors_and_redirects_leave_it_unknown(status: int, reason: Reason, body: bytes) -> None:
    """After a 5xx or a redirect nothing is known about the effect, unless the body names a limit."""
    found = answer_from_body(status, body, 1.0, 2.0)
    assert (found.outcome, found.reason, found.session_id) == (Outcome.UNKNOWN, reason, "")


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"code": 10007, "message": ""}, Reason.CONCURRENCY),
        ({"message": "Too many concurrent sessions"}, Reason.CONCURRENCY),
        ({"code": 10015, "message": "quota"}, Reason.QUOTA),
        ({"message": "Too many sessions per minute"}, Reason.RATE),
    ],
)
def test_a_server_error_that_names_a_limit_refuses(status: int, body: dict[str, Any], reason: Reason) -> None:
    """A gateway may say with 503 that the account is full. Cut or unreadable, it says nothing."""
    found = answer(status, body)
    assert (meaning(found), found.message) == ((Outcome.FAIL, reason), body["message"])
    assert answer_from_body(status, json.dumps(body).encode()[:-1], 1.0, 2.0).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Too many sessions per minute", Reason.RATE),
        ("session limit: 5/min", Reason.RATE),
        ("Daily session limit reached", Reason.QUOTA),
        ("You have used up your sessions this month: session limit reached", Reason.QUOTA),
        ("Maximum concurrent sessions of your monthly plan reached", Reason.CONCURRENCY),
        ("Too many open sessions", Reason.CONCURRENCY),
    ],
)
def test_a_limit_of_sessions_in_a_time_is_no_full_account(message: str, reason: Reason) -> None:
    """Words that no description has: how many at once, how many a minute, how many a month."""
    assert meaning(answer(403, {"code": 4291, "message": message})) == (Outcome.FAIL, reason)


GOOD = json.dumps({"code": 100, "message": "success", "data": {"session_id": "abc", "url": "wss://x"}}).encode()


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_cut_success_leaves_it_unknown(length: int) -> None:
    """A 200 whose body is cut anywhere may have had its effect."""
    assert meaning(answer_from_body(200, GOOD[:length], 1.0, 2.0)) == (Outcome.UNKNOWN, Reason.UNREADABLE)


@pytest.mark.parametrize(
    "body", [b"<html>", b"\xff\xfe", b"null", b"5", b"[]", b'"ok"', b'{"code":NaN}', b"{}x", b"\0"]
)
def test_unreadable_success_leaves_it_unknown(body: bytes) -> None:
    """A 200 that is no JSON object may have had its effect."""
    assert meaning(answer_from_body(200, body, 1.0, 2.0)) == (Outcome.UNKNOWN, Reason.UNREADABLE)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, Reason.REFUSED), (401, Reason.UNAUTHORIZED), (404, Reason.REFUSED), (429, Reason.RATE)],
)
@pytest.mark.parametrize("body", [b"", b"<html>concurrent limit</html>", b"\xff", b'{"code":100'])
def test_unreadable_refusal_is_a_refusal(status: int, reason: Reason, body: bytes) -> None:
    """A 4xx without a readable body says no all the same; 404 alone says no more than that; 429 is a rate limit (RFC 6585)."""
    assert meaning(answer_from_body(status, body, 1.0, 2.0)) == (Outcome.FAIL, reason)


@pytest.mark.parametrize("status", [400, 429, 503])
@pytest.mark.parametrize("body", [b"", b'{"code":10007,"message":"Concurrent limit reached"}'])
def test_retry_after_is_kept(status: int, body: bytes) -> None:
    """What the API asked us to wait is kept, with or without a body."""
    assert answer_from_body(status, body, 1.0, 2.0, 7.5).retry_after == 7.5


def data(inner: bytes) -> bytes:
    """A success that holds `inner`."""
    return b'{"code":100,"data":' + inner + b"}"


HOSTILE = {
    "nested-lists": b"[" * 100_000,
    "nested-objects": b'{"data":' * 100_000,
    "nested-data": data(b"[" * 100_000 + b"]" * 100_000),
    "nested-unknown": b'{"other":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge-duration": data(b'{"duration_ms":1' + b"0" * 400 + b"}"),
    "huge-cap": data(b'{"session_duration_limit":1' + b"0" * 400 + b"}"),
    "huger-cap": data(b'{"session_duration_limit":1' + b"0" * 5000 + b"}"),
    "huge-float": data(b'{"duration_ms":1e400}'),
    "huge-code": b'{"code":1' + b"0" * 400 + b"}",
    "surrogate": data(b'{"session_id":"\\ud800"}'),
}


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_body_never_raises(body: bytes, status: int) -> None:
    """Nesting without end and numbers without end are answers like any other."""
    assert math.isfinite(answer_from_body(status, body, 1.0, 2.0).value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("session_id", "duration_ms", "session_duration_limit", "other"), JSON)
)
ENVELOPES = st.fixed_dictionaries(
    {}, optional={"code": JSON | st.just(100), "message": JSON, "error": JSON, "data": JSON | FIELDS}
)
BODIES = st.binary(max_size=200) | (ENVELOPES | JSON).map(lambda value: json.dumps(value).encode())


@given(st.integers(100, 599), BODIES)
def test_any_answer_has_one_of_three_outcomes(status: int, body: bytes) -> None:
    """No answer raises; ok needs a 2xx, fail a 2xx or 4xx; 3xx and 5xx are always unknown; ok alone has no reason."""
    found = answer_from_body(status, body, 1.0, 2.0)
    allowed = {2: {Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN}, 4: {Outcome.FAIL}}.get(status // 100, {Outcome.UNKNOWN})
    assert found.outcome in allowed
    assert (found.outcome is Outcome.OK) == (found.reason is Reason.NONE)
    assert math.isfinite(found.value)
    assert abs(found.code) < 2**31


@pytest.mark.parametrize(
    ("status", "message", "reason"),
    [
        (400, "User has reached maximum concurrent conversations", Reason.CONCURRENCY),
        (403, "Session concurrency limit reached", Reason.CONCURRENCY),
        (402, "Too many active sessions", Reason.CONCURRENCY),
        (429, "Maximum number of simultaneous streams exceeded", Reason.CONCURRENCY),
        (409, "session limit reached", Reason.CONCURRENCY),
        (403, "Your concurrent session quota is exhausted", Reason.CONCURRENCY),
        (403, "Plan allows 5 parallel conversations; you already have 5", Reason.CONCURRENCY),
        (409, "You already have 10 active sessions", Reason.CONCURRENCY),
        (403, "No available streaming slots", Reason.CONCURRENCY),
        (409, "All slots are in use", Reason.CONCURRENCY),
        (400, "session is already closed", Reason.REFUSED),
        (400, "the session does not allow interrupts", Reason.REFUSED),
        (429, "Too Many Requests", Reason.RATE),
        (429, "Too many concurrent requests", Reason.RATE),
        (429, "", Reason.RATE),
        (400, "maximum length of text exceeded", Reason.REFUSED),
        (400, "the voice is not available", Reason.REFUSED),
        (403, "avatar not allowed", Reason.REFUSED),
    ],
)
def test_refusals_in_other_words(status: int, message: str, reason: Reason) -> None:
    """A full account is recognised by its wording; a 429 without an explanation is a rate limit."""
    assert refusal_reason(default_reading().refusals, status, None, message) is reason


_FULL_TEXT = "Max concurrent sessions reached"


@pytest.mark.parametrize(
    "body",
    [
        {"error": _FULL_TEXT},
        {"error": {"message": _FULL_TEXT, "type": "limit"}},
        {"type": "about:blank", "title": "Too many", "status": 429, "detail": _FULL_TEXT},
        {"title": _FULL_TEXT},
        {"msg": _FULL_TEXT, "data": None},
        {"message": "", "detail": _FULL_TEXT},
    ],
)
def test_the_message_is_found_where_apis_put_it(body: dict[str, Any]) -> None:
    """Problem details (RFC 9457) and their relatives."""
    found = answer(403, body)
    assert (found.outcome, found.reason, found.message) == (Outcome.FAIL, Reason.CONCURRENCY, _FULL_TEXT)


def test_a_refusal_in_plain_text_has_its_message() -> None:
    """A gateway's line of text; a page has none."""
    assert answer_from_body(429, f"{_FULL_TEXT}\n".encode(), 0.0, 0.0).reason is Reason.CONCURRENCY
    assert answer_from_body(403, b"<html>Max concurrent sessions reached</html>", 0.0, 0.0).reason is Reason.REFUSED


def test_a_scenario_can_name_refusals() -> None:
    """By status, code and a part of the message; the first that matches counts, before the built-in table."""
    changes = ApiChanges.model_validate(
        {
            "refusals": [
                {"status": 403, "text": "No Free seat"},
                {"code": 77, "reason": "quota"},
                {"status": 429, "reason": "session-full"},
            ]
        }
    )
    patterns = reading_of(changes.applied(default_api()), Operation.NEW).refusals
    assert refusal_reason(patterns, 403, 0, "there is no free SEAT left") is Reason.CONCURRENCY
    assert refusal_reason(patterns, 400, 77, "") is Reason.QUOTA
    assert refusal_reason(patterns, 429, 10007, "Concurrent limit reached") is Reason.SESSION_FULL
    assert refusal_reason(patterns, 403, 0, "forbidden") is Reason.REFUSED


@pytest.mark.parametrize("rule", [{}, {"reason": "quota"}, {"status": 99}, {"text": "x", "reason": "tired"}])
def test_a_refusal_rule_that_says_nothing_is_a_mistake(rule: dict[str, Any]) -> None:
    """It must match something, and give one of the reasons that exist."""
    with pytest.raises(ValidationError):
        ApiChanges.model_validate({"refusals": [rule]})


@pytest.mark.parametrize(
    ("error", "reason", "name"),
    [
        (OSError(errno.EMFILE, "Too many open files"), Reason.OUT_OF_RESOURCES, "EMFILE"),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign"), Reason.OUT_OF_RESOURCES, "EADDRNOTAVAIL"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Reason.CONNECT, "ECONNREFUSED"),
        (ssl.SSLError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] of the API"), Reason.CONNECT, ""),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), Reason.CONNECT, "EAI_NONAME"),
        (ProxyError(errno.ECONNREFUSED, "refused"), Reason.CONNECT, "proxy: ECONNREFUSED"),
        (ProxyError(0, "HTTP 407"), Reason.CONNECT, "proxy: HTTP 407"),
        (ProxyError(errno.ENFILE, "Too many open files"), Reason.OUT_OF_RESOURCES, "ENFILE"),
        (UnicodeError("label too long"), Reason.CONNECT, ""),
        (TimeoutError(), Reason.CONNECT, ""),
    ],
)
def test_why_nothing_was_sent(error: Exception, reason: Reason, name: str) -> None:
    """The limits of this machine are told from an API, or a proxy, that cannot be reached."""
    assert connect_failure(error) == (reason, name)
