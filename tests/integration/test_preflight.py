"""What a pre-flight says about an API at which no session can be opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.http.route import route_to
from loadtests.model.text.input_error import InputError
from loadtests.plugin.preflight import check_api
from loadtests.run.run import RunSettings

from .conftest import FaultServer, Peer, Script
from .crew import free_port


def settings(host: str, limit: int | None = None) -> RunSettings:
    """Of a run against `host`."""
    return RunSettings(
        runs=Path("runs"),
        host=host,
        sandbox=False,
        key="key",
        profiles={},
        plan=None,
        limit=limit,
        seed=1,
        observe=0.0,
        poll=1.0,
        tolerance=1.0,
    )


def _check(run: RunSettings) -> None:
    check_api(run, route_to(run.host))


def answering(body: bytes, status: int = 200) -> Script:
    """An API that answers each call like that."""

    def serve(peer: Peer) -> None:
        while peer.request():
            peer.answer(body, status)

    return serve


_ONE = b'{"code":100,"data":{"sessions":[{"session_id":"a","created_at":1}]}}'


@pytest.mark.parametrize(
    ("body", "status", "limit", "says"),
    [
        (b'{"code":400112,"message":"Unauthorized"}', 401, None, "rejects requests without a key"),
        (_ONE, 200, 1, "has no free slot: 1 session is open, and the limit is 1"),
    ],
)
def test_why_no_session_can_be_opened(
    body: bytes, status: int, limit: int | None, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence that says what to do, as the user's mistake."""
    monkeypatch.delenv("KONPRO_API_KEY", raising=False)
    server = FaultServer(answering(body, status))
    with pytest.raises(InputError, match=says) as told:
        _check(settings(server.url, limit))
    server.close()
    assert told.value.code == 64


@pytest.mark.parametrize(("body", "status"), [(_ONE, 200), (b"{}", 404), (b"oops", 500)])
def test_an_api_that_may_open_sessions_passes(body: bytes, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """A list that cannot be read is a warning: the report knows less."""
    server = FaultServer(answering(body, status))
    _check(settings(server.url, 2))
    server.close()
    assert bool(caplog.records) == (status != 200)


def test_an_api_that_is_not_there_is_not_available() -> None:
    """With what to check."""
    with pytest.raises(InputError, match="the connection is refused; is the API running") as told:
        _check(settings(f"http://127.0.0.1:{free_port()}"))
    assert told.value.code == 69
