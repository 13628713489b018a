"""Alerts on their way to a command or a webhook: delivered, or said to be not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest

from loadtests.monitoring import alert_hook
from loadtests.monitoring.alert_hook import AlertHook

from .conftest import FaultServer, Peer
from .locust_run import KEY

MESSAGE = {
    "alert": "open",
    "state": "raised",
    "text": "3 sessions are open (threshold 3)",
    "value": 3,
    "threshold": 3,
    "host": "https://api.example.com",
    "oldest_sessions": ["$(touch injected)"] * 20000,
}


@pytest.fixture
def said() -> list[str]:
    """What the user is told."""
    return []


def sent(target: str, said: list[str], number: int = 1) -> None:
    """Sends the message, and waits."""
    hook = AlertHook(target, said.append)
    for i in range(number):
        hook.send({**MESSAGE, "value": i})
    with gevent.Timeout(60):
        hook.wait()


def test_a_command_gets_all_of_it(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the alerts; a text of the API is data, never a command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KONPRO_API_KEY", KEY)
    sent("cat >> got; env >> environment", said, number=2)
    lines = (tmp_path / "got").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["value"] for line in lines] == [0, 1]
    assert KEY not in (tmp_path / "environment").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["environment", "got"]
    assert said == []


def test_a_command_need_not_read_it(said: list[str]) -> None:
    """A long message that nobody reads is no failure; an exit code is."""
    sent("true", said)
    assert said == []
    sent("exit 3", said)
    assert said == ["--on-alert: the command ended with exit code 3; the alert open (raised) was not delivered"]


def test_a_command_that_does_not_end_is_stopped(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that it has started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(alert_hook, "_COMMAND_SECONDS", 0.5)
    began = time.monotonic()
    sent("sleep 60; touch survived", said)
    assert time.monotonic() - began < 30
    (line,) = said
    assert "the command did not end within 500 ms and was stopped" in line


@pytest.mark.parametrize(
    ("statuses", "tries", "failure"),
    [((500, 200), 2, ""), ((500, 502, 503), 3, "answered HTTP 503"), ((302, 302, 302), 3, "answered HTTP 302")],
)
def test_a_webhook_is_tried_three_times(
    statuses: tuple[int, ...],
    tries: int,
    failure: str,
    said: list[str],
    fault_server: Callable[..., FaultServer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A failure names its host, never its path, which may hold a secret; a redirect is not followed."""
    monkeypatch.setattr(alert_hook, "_PAUSES", (0.0, 0.0))

    def serve(peer: Peer) -> None:
        while peer.request():
            peer.answer(b"", statuses[len(server.requests) - 1], "Location: /elsewhere", "Connection: close")

    server = fault_server(serve)
    sent(f"{server.url}/secret-path", said)
    assert len(server.requests) == tries
    assert all(request.startswith(b"POST /secret-path ") for request in server.requests)
    assert all(b"ontent-type: application/json" in request.lower() for request in server.requests)
    assert [failure in line and "secret" not in line and "127.0.0.1" in line for line in said] == (
        [True] if failure else []
    )


def test_a_webhook_that_cannot_be_reached(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The error's kind, without the URL."""
    monkeypatch.setattr(alert_hook, "_PAUSES", (0.0,))
    sent("http://127.0.0.1:1/secret-path", said)
    assert said == [
        "--on-alert: the webhook at 127.0.0.1 cannot be reached (ConnectionError); the alert open (raised) was not delivered"
    ]
