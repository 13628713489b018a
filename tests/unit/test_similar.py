"""What a client may have meant by a call or a field that the API does not have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.api.description.default import default_api
from loadtests.model.api.operation import Operation
from loadtests.model.api.similar_call import similar_call
from loadtests.model.api.similar_field import similar_fields
from loadtests.scenarios.catalogue import named_api

_KONPRO, _D_ID = default_api(), named_api("d-id")


@pytest.mark.parametrize(
    ("request_line", "meant"),
    [
        ("POST /v1/streaming.close", "POST /v1/streaming.stop"),
        ("POST /v1/streaming/close_session", "POST /v1/streaming.stop"),
        ("DELETE /v1/sessions/abc", "POST /v1/streaming.stop"),
        ("POST /v1/streaming/create_session", "POST /v1/streaming.new"),
        ("POST /v1/streaming.createToken", "POST /v1/streaming.create_token"),
        ("GET /v1/streaming.keep_alive", "POST /v1/streaming.keep_alive"),
        ("POST /v1/streaming.keep-alive", "POST /v1/streaming.keep_alive"),
        ("POST /v1/streaming.startListening", "POST /v1/streaming.start_listening"),
        ("POST /streaming.new", "POST /v1/streaming.new"),
        ("POST //v1/streaming.new/", "POST /v1/streaming.new"),
        ("POST /V1/Streaming.New", "POST /v1/streaming.new"),
        ("POST /v1/streeming.new", "POST /v1/streaming.new"),
        ("GET /v1/streaming.sessions", "GET /v1/streaming.list"),
        ("GET /", ""),
        ("GET /favicon.ico", ""),
        ("GET /v1/user/remaining_quota", ""),
        ("POST /v1/user/close_account", ""),
        ("POST /v1/streaming.close" + "x" * 1000, ""),
    ],
)
def test_calls_of_konpro(request_line: str, meant: str) -> None:
    """By its path but for case, slashes and version; by what its words say; by a letter or two."""
    method, _, path = request_line.partition(" ")
    found = similar_call(_KONPRO, method, path)
    assert (found[1] if found else "") == meant


@pytest.mark.parametrize(
    ("request_line", "operation", "meant"),
    [
        ("POST /talks/streams/abc/close", Operation.STOP, "DELETE /talks/streams/{id}"),
        ("DELETE /talks/streams", Operation.STOP, "DELETE /talks/streams/{id}"),
        ("POST /talks/stream", Operation.NEW, "POST /talks/streams"),
        ("POST /talks/streams/abc/sdp/", Operation.START, "POST /talks/streams/{id}/sdp"),
    ],
)
def test_calls_with_ids_in_their_paths(request_line: str, operation: Operation, meant: str) -> None:
    """In the words of the description."""
    method, _, path = request_line.partition(" ")
    assert similar_call(_D_ID, method, path) == (operation, meant)


@pytest.mark.parametrize(
    ("sent", "right"),
    [
        ("activityIdleTimeout", "activity_idle_timeout"),
        ("activity_idle_timout", "activity_idle_timeout"),
        ("Activity-Idle-Timeout", "activity_idle_timeout"),
        ("idle_timeout", "activity_idle_timeout"),
        ("idleTimeoutMs", "activity_idle_timeout"),
        ("inactivity_timeout", "activity_idle_timeout"),
        ("disableIdleTimeout", "disable_idle_timeout"),
        ("timeout", ""),
        ("quality", ""),
        ("avatar_id", ""),
        ("video_encoding", ""),
        ("knowledge_base_id", ""),
        ("x" * 10_000, ""),
        ("", ""),
        ("名前", ""),
    ],
)
def test_fields_of_new(sent: str, right: str) -> None:
    """What only looks like a field, and what does not."""
    body = _KONPRO.calls[Operation.NEW].body
    assert list(similar_fields(body, ("disable_idle_timeout",), {sent: 1})) == ([(sent, right)] if right else [])


def test_a_field_beside_the_right_one_is_no_mistake() -> None:
    """Who sends both spellings is understood."""
    body = _KONPRO.calls[Operation.NEW].body
    asked = {"activity_idle_timeout": 60, "activityIdleTimeout": 60, "idle_timeout": 60}
    assert list(similar_fields(body, ("disable_idle_timeout",), asked)) == []


def test_fields_within_fields() -> None:
    """Of any description: the names of its body, at their depth."""
    body = _D_ID.calls[Operation.TASK].body
    asked = {"script": {"Type": "text", "inputs": "Hello"}, "sessionId": "s"}
    assert list(similar_fields(body, (), asked)) == [("Type", "type"), ("sessionId", "session_id")]


_JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=5
)


@given(st.text(), st.text(), _JSON)
def test_anything_can_be_asked(method: str, path: str, asked: object) -> None:
    """No request is an error, and a name that is right is no look-alike."""
    similar_call(_KONPRO, method, path)
    body = _KONPRO.calls[Operation.TASK].body
    assert all(sent != right for sent, right in similar_fields(body, (), asked))
