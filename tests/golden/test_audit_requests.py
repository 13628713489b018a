"""What an audit says of requests beside their calls: calls by wrong names, keys, tokens, fields; in the words of the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.scenarios.catalogue import named_api

from .test_audit import Seen, names


def _noted(seen: Seen, session: int, kind: str, t: float, detail: str, value: float = 0.0) -> Seen:
    """What a request showed beside the calls."""
    seen.note(session, kind, t, value, detail)
    return seen


def test_requests_that_are_no_calls(tmp_path: Path) -> None:
    """Named once each, with the call that was meant; a program that made nothing else has not been silent."""
    seen = Seen()
    for t in (1.0, 2.0):
        _noted(seen, 0, "unknown-call", t, "POST /v1/streaming/create_session", 404)
    audit = _noted(seen, 0, "unknown-call", 3.0, "GET /v2/avatars", 404).audited(tmp_path / "mistakes")
    assert (audit.verdict.result, names(audit)) == ("fail", ["unknown-calls"])
    told = "3 requests were no call of the API: POST /v1/streaming/create_session (2 times; did you mean POST /v1/streaming.new?)"
    assert audit.findings[0].text == f"{told}; GET /v2/avatars."
    other = _noted(Seen(), 0, "unknown-call", 3.0, "GET /v2/avatars", 404).audited(tmp_path / "other")
    assert (other.verdict.result, [found.severity for found in other.findings]) == ("unknown", ["warning"])
    assert "1 request, none of which is a call of the API, such as GET /v2/avatars" in other.verdict.sentence


def test_probes_are_no_mistakes(tmp_path: Path) -> None:
    """A health check asks for a path that is like no call, without a key; a browser asks with OPTIONS."""
    probe = _noted(Seen(), 0, "unknown-call", 1.0, "GET /", 401).audited(tmp_path / "probe")
    assert (probe.verdict.result, names(probe)) == ("unknown", [])
    asked = _noted(Seen(), 0, "preflight", 1.0, "/v1/streaming.new").audited(tmp_path / "asked")
    assert (asked.verdict.result, names(asked), asked.client.calls) == ("unknown", [], 0)
    assert "1 CORS preflight" in asked.verdict.sentence
    unreadable = _noted(Seen(), 0, "unreadable-request", 1.0, "").audited(tmp_path / "unreadable")
    assert "1 request that was not HTTP/1.1, such as HTTPS" in unreadable.verdict.sentence


@pytest.mark.parametrize(
    ("kind", "detail", "fact"),
    [
        ("unknown-call", "POST /v1/streaming.close", "POST /v1/streaming.close is no call of the API"),
        ("unauthorized-call", "stop", "its stop was refused for its key"),
    ],
)
def test_a_stop_that_could_not_close_is_said_with_its_session(
    tmp_path: Path, kind: str, detail: str, fact: str
) -> None:
    """Unclosed all the same, but not forgotten when another is opened."""
    seen = _noted(Seen().opened(1, 1), 1, kind, 5.0, detail, 404)
    if kind == "unauthorized-call":
        seen.failed(0, "stop", 5.0, reason="unauthorized")
    audit = seen.opened(2, 8).did(2, "task", 9).did(2, "stop", 10).reaped(1, 31).audited(tmp_path)
    assert list(audit.sessions[0].facts) == ["unclosed-sessions"]
    assert fact in audit.sessions[0].facts["unclosed-sessions"]
    named = next(found for found in audit.findings if found.name in ("unknown-calls", "unauthorized-calls"))
    assert named.sessions == (1,)
    assert ("sendBeacon" in named.advice) == (kind == "unauthorized-call")


def test_no_advice_would_put_the_key_into_a_page(tmp_path: Path) -> None:
    """A page gets a token from its server; where the API has none, the server sends the calls."""
    for api, way in (
        ("konpro", "its server gets a token with streaming.create_token"),
        ("d-id", "it sends its calls to its own server"),
    ):
        seen = Seen().opened(1, 1).did(1, "stop", 9).failed(0, "task", 3.0, reason="unauthorized")
        _noted(seen, 1, "key-in-page", 2.0, "task")
        audit = seen.audited(tmp_path / api, api=named_api(api))
        assert names(audit) == ["key-in-page", "unauthorized-calls"]
        for found in audit.findings:
            assert f"A page must not have the key: {way}" in found.advice


def test_a_token_and_fields_that_are_misused(tmp_path: Path) -> None:
    """Each by the session that shows it."""
    seen = Seen().opened(1, 1).did(1, "stop", 9)
    _noted(seen, 1, "token-reused", 10.0, "new")
    _noted(seen, 1, "similar-field", 1.0, "new activityIdleTimeout activity_idle_timeout")
    # The refusal of the second session is not said once more.
    seen.call(2, "new", 10.0, intended=10.0, outcome="fail", status=401, code=400112, reason="unauthorized")
    audit = seen.audited(tmp_path)
    assert names(audit) == ["token-reuse", "misnamed-fields"]
    assert audit.sessions[0].findings == "token-reuse, misnamed-fields"
    assert audit.sessions[0].facts["misnamed-fields"] == (
        "activityIdleTimeout in new (the API's name is activity_idle_timeout)"
    )


_KONPROS_WORDS = ("streaming.", "activity_idle_timeout", "KONPRO", "3599")


def test_advice_is_in_the_apis_own_words(tmp_path: Path) -> None:
    """`DELETE /talks/streams/{id}`, not `streaming.stop`; nothing that this API does not have."""
    seen = Seen().opened(1, 1).did(1, "task", 3).reaped(1, 33).opened(2, 40).reaped(2, 70).failed(2, "task", 80)
    seen.opened(3, 100, status=0, code=0).reaped(3, 130).opened(4, 200).did(4, "keep_alive", 220, 240, 260, 280)
    seen.opened(5, 300).did(5, "keep_alive", 328.5, 357).did(5, "stop", 360).failed(5, "task", 361)
    seen.failed(0, "task", 365.0, reason="invalid").failed(0, "task", 366.0, reason="unauthorized")
    seen.opened(6, 370).failed(6, "start", 371, reason="session-state").note(6, "deprecated", 371.0, 0.0, "x")
    seen.call(7, "new", 380.0, outcome="fail", status=400, code=40012, reason="invalid", detail="no", value=9.0)
    konpro, d_id = (seen.audited(tmp_path / api, api=named_api(api)) for api in ("konpro", "d-id"))
    # d-id has no keep-alive, so none resets its idle timer.
    assert set(names(konpro)) - set(names(d_id)) == {"keepalive-too-tight"}
    assert len(names(konpro)) >= 10
    advice = {found.name: found.advice for found in d_id.findings}
    assert "Send DELETE /talks/streams/{id} on every exit path" in advice["unclosed-sessions"]
    assert advice["calls-without-session"] == "The id is id in new's answer; send it in the path."
    said = " ".join((*advice.values(), *(found.text for found in d_id.findings), d_id.verdict.sentence))
    assert [word for word in _KONPROS_WORDS if word in said] == []
    assert "streaming.stop" in {found.name: found.advice for found in konpro.findings}["unclosed-sessions"]
