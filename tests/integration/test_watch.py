"""`streamsoak watch` as a user runs it, against the real sandbox and servers that answer as their script says."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from loadtests.cli.__main__ import main
from loadtests.sandbox.process import SandboxProcess
from reports.build import build_report, judge_run

from .conftest import Client, FaultServer, Peer, Script
from .crew import free_port, wait_for
from .locust_run import KEY
from .test_secrets import found_in

Sandboxes = Callable[..., SandboxProcess]
Clients = Callable[..., Client]
Servers = Callable[..., FaultServer]
PASS, FAIL, UNKNOWN, MISTAKE = 0, 1, 2, 64
OFTEN = ("--every", "1s", "--budget", "100000")


class Watching:
    """A watch as a process of its own, in a directory of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._out, self._err = folder / "out", folder / "err"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "loadtests.cli", "watch", *options],
            cwd=folder,
            env={**os.environ, "KONPRO_API_KEY": KEY},
            stdin=subprocess.DEVNULL,
            stdout=self._out.open("wb"),
            stderr=self._err.open("wb"),
        )

    @property
    def said(self) -> str:
        """All that it has printed."""
        return self._out.read_text(encoding="utf-8") + self._err.read_text(encoding="utf-8")

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON objects that it has printed."""
        return [json.loads(line) for line in self._out.read_text(encoding="utf-8").splitlines()]

    def looks(self) -> list[dict[str, Any]]:
        """The looks among them."""
        return [event for event in self.events if event["event"] == "look"]

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait until `condition` holds; it must hold before the watch ends."""
        wait_for(lambda: condition() or self.process.poll() is not None, what)
        assert condition(), self.said

    def end(self, number: signal.Signals | None = None) -> int:
        """Send a signal, if any, and wait; the exit code."""
        if number:
            self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        assert "Traceback" not in self.said
        assert KEY not in self.said
        return code

    @property
    def run(self) -> Path:
        """The run directory."""
        (run,) = self.folder.glob("runs/*-watch")
        return run


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Callable[..., Watching]]:
    """Starts watches: `watching("--host", url, …)`. At the end nothing that they wrote holds the key."""
    started: list[Watching] = []

    def start(*options: str) -> Watching:
        folder = tmp_path / f"w{len(started)}"
        folder.mkdir()
        started.append(Watching(folder, *options))
        return started[-1]

    yield start
    for watch in started:
        with contextlib.suppress(ProcessLookupError):
            watch.process.kill()
        watch.process.wait()
    assert found_in(tmp_path) == []


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to run commands in, with a key in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KONPRO_API_KEY", KEY)
    return tmp_path


def listing(*ids: str, **more: Any) -> bytes:
    """The answer of the list."""
    sessions = [{"session_id": one, "created_at": int(time.time()) - 60} for one in ids]
    return json.dumps({"code": 100, "data": {"sessions": sessions, **more}}).encode()


def test_an_account_is_watched_from_opening_to_report(
    watching: Callable[..., Watching], sandbox: Sandboxes, client: Clients, fault_server: Servers
) -> None:
    """Counts, ages, alerts by webhook, metrics; the report agrees, and no session was opened or closed."""
    hook = fault_server(lambda peer: peer.answer(b"") if peer.request() else None)
    served = sandbox("--limit", "5", "--idle-range", "1:3599")
    user, port = client(served.url, KEY), free_port()
    kept = [user.open(activity_idle_timeout=600) for _ in range(3)]
    alerts = ("--alert-open", "80%", "--alert-age", "1h", "--on-alert", hook.url)
    watch = watching(
        *("--host", served.url, *OFTEN, "--json", "--limit", "5", "--idle", "1s", "--metrics-port", str(port)), *alerts
    )
    watch.wait(lambda: watch.looks(), "a first look")
    leaked, closed = user.open(activity_idle_timeout=4), user.open()
    watch.wait(lambda: watch.looks()[-1]["open"] == 5, "all are seen")
    user.post("stop", session_id=closed)
    watch.wait(lambda: watch.looks()[-1]["closed"] == 2, "two ends are seen")
    watch.wait(lambda: len(hook.requests) == 2, "the alert is resolved")
    metrics = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=15).text
    assert watch.end(signal.SIGINT) == FAIL
    assert 'streamsoak_live_sessions{holder="others",profile=""} 3.0' in metrics
    assert "streamsoak_sessions_opened_total 2.0" in metrics
    assert 'streamsoak_alert{alert="open"} 0.0' in metrics
    last = watch.looks()[-1]
    assert {"open": 3, "opened": 2, "limit": 5, "longer_than_idle": 3, "missing": 0}.items() <= last.items()
    messages = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in hook.requests]
    assert [message["state"] for message in messages] == ["raised", "resolved"]
    assert set(messages[0]["oldest_sessions"]) == {*kept, leaked, closed}
    assert not any(KEY.encode() in request for request in hook.requests)
    assert set(served.open_sessions()) == set(kept)
    assert build_report(watch.run).verdict.sentence == "Failed: 1 alert raised (open)."
    summary = json.loads((watch.run / "summary.json").read_text(encoding="utf-8"))
    seen = summary["watch"]
    assert (seen["before"], seen["opened"], seen["closed"], seen["peak"], seen["open_at_end"]) == (3, 2, 2, 5, 3)
    assert seen["alerts"][0]["name"] == "open"
    assert sum(seen["endings"].values()) == 2
    assert (watch.run / "report.html").stat().st_size > 100_000


def test_a_watch_survives_what_the_list_does(watching: Callable[..., Watching], fault_server: Servers) -> None:
    """429 with Retry-After, an incomplete list, a server error: each is a look without a list, and ends nothing."""
    asked: list[float] = []
    answers: list[Callable[[Peer], None]] = [
        lambda peer: peer.answer(listing("a", "b")),
        lambda peer: peer.answer(b'{"code":400123,"message":"Exceed rate limit"}', 429, "Retry-After: 2"),
        lambda peer: peer.answer(listing("b")),
        lambda peer: peer.answer(listing("b", total=2)),
        lambda peer: peer.answer(listing("a", "b")),
        lambda peer: peer.answer(b"{}", 503),
    ]

    def serve(peer: Peer) -> None:
        while peer.request():
            asked.append(time.monotonic())
            answers[min(len(asked), len(answers)) - 1](peer)

    watch = watching("--host", fault_server(serve).url, "--every", "1s", "--budget", "100000", "--json")
    watch.wait(lambda: len(watch.looks()) >= len(answers), "a look for each answer")
    assert watch.end(signal.SIGTERM) == PASS
    looks = watch.looks()[: len(answers)]
    assert [look["list"] for look in looks] == ["ok", "rate-limit", "ok", "partial-list", "ok", "server-error"]
    assert [(look["open"], look["missing"]) for look in looks] == [(2, 0), (2, 0), (1, 1), (1, 1), (2, 0), (2, 0)]
    assert (looks[-1]["opened"], looks[-1]["closed"], looks[-1]["returned"]) == (0, 0, 0)
    assert asked[2] - asked[1] >= 2


@pytest.mark.faults
def test_a_killed_watch_can_be_reported(watching: Callable[..., Watching], sandbox: Sandboxes, client: Clients) -> None:
    """What it had seen until then is in its log; the command of an alert had the alert, and not the key."""
    served = sandbox()
    client(served.url, KEY).open()
    command = "cat > got; env > part; mv part environment; exec sleep 20"
    watch = watching("--host", served.url, *OFTEN, "--json", "--alert-open", "1", "--on-alert", command)
    # It looks on while the command runs.
    watch.wait(lambda: len(watch.looks()) >= 3 and (watch.folder / "environment").exists(), "looks and the command")
    message = json.loads((watch.folder / "got").read_text(encoding="utf-8"))
    assert (message["alert"], message["state"], message["value"], message["host"]) == ("open", "raised", 1, served.url)
    variables = (watch.folder / "environment").read_text(encoding="utf-8")
    assert "STREAMSOAK_ALERT=open\n" in variables and "STREAMSOAK_ALERT_STATE=raised\n" in variables
    assert "API_KEY" not in variables
    watch.process.kill()
    watch.process.wait()
    assert judge_run(watch.run).verdict.sentence == "Failed: 1 alert raised (open)."


def test_an_unreachable_api_raises_its_alert(watching: Callable[..., Watching]) -> None:
    """It may come back, so the watch goes on; without the alert the result is inconclusive."""
    nowhere = ("--host", f"http://127.0.0.1:{free_port()}", *OFTEN, "--for", "3s")
    watch, silent = watching(*nowhere, "--alert-unreachable", "1s"), watching(*nowhere)
    assert (watch.end(), silent.end()) == (FAIL, UNKNOWN)
    assert "alert=unreachable state=raised" in watch.said
    assert "list=connect" in silent.said and "0 of" in silent.said
    analysis = build_report(silent.run)
    assert (analysis.verdict.result, "got no list (" in analysis.verdict.sentence) == ("unknown", True)
    page = (silent.run / "report.html").read_text(encoding="utf-8")
    assert "The list could not be read." in page and "could not be drawn" not in page


def test_a_rejected_key_ends_it(here: Path, fault_server: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    """At the first look: the message names the variable, not the key, and no run directory is left."""

    def parrot(peer: Peer) -> None:
        while request := peer.request():
            key = request.partition(b"Bearer ")[2].partition(b"\r\n")[0]
            peer.answer(b'{"code":400112,"message":"Unauthorized: unknown key %b"}' % key, 401)

    assert main(["watch", "--host", fault_server(parrot).url, "--for", "5s"]) == MISTAKE
    said = capsys.readouterr()
    assert "KONPRO_API_KEY: was rejected" in said.err
    assert KEY not in said.out + said.err
    assert list(here.iterdir()) == []


def _pages(number: int) -> Script:
    """An API whose list has so many pages of one session each."""

    def serve(peer: Peer) -> None:
        while request := peer.request():
            page = int(request.partition(b"pagination_token=")[2][:1] or b"1")
            more = {"next_pagination_token": str(page + 1)} if page < number else {}
            peer.answer(listing(f"session-{page}", **more))

    return serve


def test_the_pages_of_a_list_count(here: Path, fault_server: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is a request; a budget that is used up in the middle of a list makes it incomplete."""
    server = fault_server(_pages(3))
    assert main(["watch", "--host", server.url, "--once", "--json"]) == PASS
    said = capsys.readouterr()
    look = json.loads(said.out)
    assert (look["open"], look["requests"], look["alerts"]) == (3, 3, [])
    assert "The list has 3 pages: a look every 18 s instead of 10 s is 600 requests an hour" in said.err
    assert main(["watch", "--host", server.url, "--once", "--json", "--budget", "2"]) == UNKNOWN
    assert (json.loads(capsys.readouterr().out)["list"], len(server.requests)) == ("partial-list", 5)
    assert list(here.iterdir()) == [], "one look writes no run directory"


@pytest.mark.parametrize(
    ("defect", "code", "shown"), [("list-partial=1", UNKNOWN, "partial-list"), ("list-lag=60", PASS, "ok")]
)
def test_lists_that_are_wrong(
    defect: str,
    code: int,
    shown: str,
    here: Path,
    sandbox: Sandboxes,
    client: Clients,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One that says that it is incomplete is no list; one that is late cannot be recognised."""
    served = sandbox("--defect", defect)
    for _ in range(3):
        client(served.url, KEY).open()
    assert main(["watch", "--host", served.url, "--once", "--json", "--alert-open", "3"]) == code
    look = json.loads(capsys.readouterr().out)
    assert (look["list"], look["open"]) == (shown, None if code else 0)


def test_another_api_says_its_idle_timeouts(here: Path, sandbox: Sandboxes, capsys: pytest.CaptureFixture[str]) -> None:
    """The description names the place, and --idle is not needed."""
    api = here / "mine.toml"
    api.write_text(
        '[calls.new]\npath = "/open"\nanswer.session_id = "/id"\nbody = { idle = "{idle_timeout}" }\n'
        '[calls.stop]\npath = "/close/{session_id}"\n'
        '[list]\npath = "/list"\nidle_timeout = "/idle/seconds"\ncreated_form = "ms"\n',
        encoding="utf-8",
    )
    served = sandbox("--api", str(api))
    for _ in range(2):
        requests.post(f"{served.url}/open", json={"idle": 600}, headers={"Authorization": f"Bearer {KEY}"}, timeout=15)
    options = ["watch", "--host", served.url, "--api", str(api), "--once", "--json", "--alert-overdue", "1"]
    assert main(options) == PASS
    look = json.loads(capsys.readouterr().out)
    assert (look["open"], look["longer_than_idle"]) == (2, 0)
