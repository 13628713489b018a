"""`streamsoak sweep` as a user runs it: what it closes, what it leaves alone, and what it says of both."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtests.model.run.manifest import Manifest
from loadtests.model.session.session import Session
from loadtests.recording.ledger import SWEEP_FILE, Ledger, ledgers, read_ledgers
from loadtests.recording.run_directory import write_manifest
from loadtests.sandbox.process import SandboxProcess

from .conftest import Client, FaultServer, Peer, Script
from .crew import free_port, streamsoak
from .locust_run import KEY

pytestmark = pytest.mark.faults

Sandboxes = Callable[..., SandboxProcess]
Clients = Callable[..., Client]
Servers = Callable[..., FaultServer]
PASS, FAIL, UNKNOWN, MISTAKE, UNAVAILABLE = 0, 1, 2, 64, 69


class Dead:
    """The directory of a run whose process was killed when it had these sessions open."""

    def __init__(self, folder: Path, host: str, *opened: str, **known: Any) -> None:
        self.folder = folder
        told = {
            "sandbox": False,
            "started_unix": time.time() - 60,
            "seed": 1,
            "limit": None,
            "observe": 1.0,
            "poll": 1.0,
        }
        rest = {"tolerance": 1.0, "people": {}, "scenario": None, "software": {}}
        write_manifest(folder, Manifest(run=folder.name, host=host, **{**told, **rest, **known}))
        self.ledger = Ledger(folder)
        for number, session_id in enumerate(opened, 1):
            session = Session(number, "p", 60.0)
            session.id = session_id
            self.ledger.intent(session, 0.5)
            self.ledger.opened(session, 1.0)

    def sweep(self, *options: str, key: str = KEY) -> tuple[int, str]:
        """Exit code, and all that was said."""
        self.ledger.close()
        self.ledger = Ledger(self.folder, "ledger-w9.jsonl")
        self.ledger.close()
        swept = streamsoak("sweep", str(self.folder), *options, key=key)
        self.ledger = Ledger(self.folder, "ledger-w9.jsonl")
        said = swept.stdout + swept.stderr
        assert "Traceback" not in said
        assert key not in said
        return swept.returncode, said


@pytest.fixture
def dead(tmp_path: Path) -> Callable[..., Dead]:
    """Makes a dead run's directory: `dead(host, id, …)`."""
    return lambda host, *opened, **known: Dead(tmp_path, host, *opened, **known)


def api(listed: Callable[[], list[str] | int], stop: Callable[[str, Peer], bool]) -> Script:
    """A server whose list has these ids (or answers with that status), and whose stop is answered by `stop`, or well."""

    def serve(peer: Peer) -> None:
        while request := peer.request():
            if b"GET " in request[:4]:
                rows = listed()
                if isinstance(rows, int):
                    peer.answer(b"{}", rows)
                else:
                    sessions = [{"session_id": one, "created_at": int(time.time())} for one in rows]
                    peer.answer(json.dumps({"code": 100, "data": {"sessions": sessions}}).encode())
            else:
                session_id = json.loads(request.partition(b"\r\n\r\n")[2])["session_id"]
                if not stop(session_id, peer):
                    peer.answer(b'{"code":100,"message":"success"}')

    return serve


def test_what_was_left_open_is_closed_and_only_that(dead: Any, sandbox: Sandboxes, client: Clients) -> None:
    """With the sessions of others untouched; a second sweep has nothing to do, and says so."""
    served = sandbox()
    sessions = [client(served.url).open() for _ in range(4)]
    theirs = sessions.pop()
    run = dead(served.url, *sessions, started_unix=time.time() + 30)
    code, said = run.sweep()
    assert code == PASS, said
    assert "Closed 3 sessions; 0 already closed, 0 could not be closed." in said
    assert "suspect" not in said, "theirs was created before the run"
    assert set(served.open_sessions()) == {theirs}
    code, said = run.sweep()
    assert (code, "Closed 0 sessions; 0 already closed, 0 could not be closed." in said) == (PASS, True)


def test_what_was_closed_meanwhile_is_gone(dead: Any, sandbox: Sandboxes, client: Clients) -> None:
    """By the API, for idleness, say."""
    served = sandbox()
    one, two = (client(served.url).open() for _ in range(2))
    client(served.url).post("stop", session_id=one)
    code, said = dead(served.url, one, two).sweep()
    assert code == PASS
    assert "Closed 1 session; 1 already closed," in said


def test_a_key_that_is_refused_is_a_mistake(dead: Any, client: Clients) -> None:
    """401: nothing is tried, and the message names the variable."""
    served = SandboxProcess([], {"KONPRO_API_KEY": "right"})
    try:
        session = client(served.url, key="right").open()
        code, said = dead(served.url, session).sweep(key="wrong")
        assert code == MISTAKE
        assert "KONPRO_API_KEY" in said
        assert set(served.open_sessions()) == {session}
    finally:
        served.close()


def test_a_number_in_a_message_is_no_status(dead: Any, fault_server: Servers) -> None:
    """The list is refused with a request number that contains 401: the sweep goes on without the list."""

    def serve(peer: Peer) -> None:
        while request := peer.request():
            if b"GET " in request[:4]:
                peer.answer(b'{"code":500123,"message":"request 74012 failed"}', 400)
            else:
                peer.answer(b'{"code":100,"message":"success"}')

    code, said = dead(fault_server(serve).url, "a", "b").sweep()
    assert code != MISTAKE, said
    assert "Closed 2 sessions" in said


def test_another_accounts_key_closes_nothing(dead: Any, sandbox: Sandboxes, client: Clients) -> None:
    """It sees sessions, but none of the run's: it cannot be told whether these are open."""
    other = sandbox()
    theirs = client(other.url).open()
    code, said = dead(other.url, "a-session-of-the-run", "another").sweep("--exclusive-account")
    assert code == UNKNOWN
    assert "the key belongs to another account" in said
    assert set(other.open_sessions()) == {theirs}


def test_without_a_list_all_is_closed_but_nothing_certain(dead: Any, fault_server: Servers) -> None:
    """The stops are acknowledged; whether more is open nobody can see."""
    stopped: list[str] = []
    server = fault_server(api(lambda: 500, lambda one, peer: bool(stopped.append(one))))
    code, said = dead(server.url, "a", "b").sweep()
    assert sorted(stopped) == ["a", "b"]
    assert code == UNKNOWN
    assert "list could not be read" in said


def test_retry_after_is_obeyed(dead: Any, fault_server: Servers) -> None:
    """A stop that is refused for the rate is sent again, and not before the API allows it."""
    stops: list[float] = []
    open_now = {"a"}

    def stop(session_id: str, peer: Peer) -> bool:
        stops.append(time.monotonic())
        if len(stops) == 1:
            peer.answer(b'{"code":400123,"message":"Exceed rate limit"}', 429, "Retry-After: 2")
            return True
        open_now.discard(session_id)
        return False

    server = fault_server(api(lambda: sorted(open_now), stop))
    code, said = dead(server.url, "a").sweep()
    assert (code, len(stops)) == (PASS, 2), said
    assert stops[1] - stops[0] >= 2


def test_stops_are_rate_limited(dead: Any, fault_server: Servers) -> None:
    """No faster than --rate."""
    stops: list[float] = []
    open_now = {"a", "b", "c", "d"}

    def stop(session_id: str, peer: Peer) -> bool:
        stops.append(time.monotonic())
        open_now.discard(session_id)
        return False

    server = fault_server(api(lambda: sorted(open_now), stop))
    code, said = dead(server.url, *sorted(open_now)).sweep("--rate", "5")
    assert code == PASS, said
    assert stops[-1] - stops[0] >= 3 / 5


def test_a_ghost_is_told_as_still_open(dead: Any, fault_server: Servers) -> None:
    """Stop does not find it, the list has it: it holds a slot. And again at the next sweep."""

    def stop(session_id: str, peer: Peer) -> bool:
        peer.answer(b'{"code":400004,"message":"Session does not exist. SessionID: ghost"}', 404)
        return True

    server = fault_server(api(lambda: ["ghost"], stop))
    run = dead(server.url, "ghost")
    for _ in range(2):
        code, said = run.sweep()
        assert code == FAIL
        assert "still open: ghost" in said
    assert read_ledgers(ledgers(run.folder)).open == {1: "ghost"}


def test_a_refusal_is_told_with_its_reason(dead: Any, fault_server: Servers) -> None:
    """An API that says no is no success, and the session stays in the books."""

    def stop(session_id: str, peer: Peer) -> bool:
        if session_id == "stubborn":
            peer.answer(b'{"code":40012,"message":"Invalid parameter"}', 400)
        return session_id == "stubborn"

    open_now = ["stubborn"]
    run = dead(fault_server(api(lambda: open_now, stop)).url, "stubborn")
    code, said = run.sweep()
    assert code == FAIL
    assert "stubborn: invalid (HTTP 400)" in said
    assert read_ledgers(ledgers(run.folder)).open == {1: "stubborn"}


def test_suspects_are_left_alone_unless_the_account_is_exclusive(
    dead: Any, sandbox: Sandboxes, client: Clients
) -> None:
    """Created during the run and in no ledger: a lost answer's, or somebody else's. What was there before is neither."""
    served = sandbox()
    before, ours, suspect = (client(served.url).open() for _ in range(3))
    run = dead(served.url, ours)
    run.ledger.preexisting(before)
    run.ledger.lost(Session(7, "p", 60.0), 2.0)
    code, said = run.sweep()
    assert code == PASS, said
    assert f"suspect: {suspect}" in said
    assert "had no known answer" in said
    assert before not in said
    assert set(served.open_sessions()) == {before, suspect}
    code, said = run.sweep("--exclusive-account")
    assert code == PASS, said
    assert "Closed 1 suspect:" in said
    assert set(served.open_sessions()) == {before}


def test_a_run_that_goes_on_is_not_swept(dead: Any, sandbox: Sandboxes, client: Clients) -> None:
    """Its sessions are in use."""
    served = sandbox()
    session = client(served.url).open()
    run = dead(served.url, session)
    swept = streamsoak("sweep", str(run.folder))
    assert swept.returncode == MISTAKE
    assert "is still running" in swept.stderr
    assert set(served.open_sessions()) == {session}


@pytest.mark.parametrize(("was_sandbox", "code"), [(True, PASS), (False, UNAVAILABLE)])
def test_an_api_that_is_not_there(dead: Any, was_sandbox: bool, code: int) -> None:
    """A sandbox of the run's own took its sessions with it; another host may still have them."""
    run = dead(f"http://127.0.0.1:{free_port()}", "a", sandbox=was_sandbox)
    found, said = run.sweep()
    assert found == code, said
    assert ("1 already closed," if was_sandbox else "cannot be reached") in said


def test_a_simulated_run_left_nothing(dead: Any) -> None:
    """There is no host to ask."""
    found, said = dead("none: simulated", sandbox=True, simulated=True).sweep()
    assert found == PASS, said
    assert "Closed 0 sessions" in said


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "1e9", "many"])
def test_a_rate_that_is_none_is_a_mistake(dead: Any, rate: str) -> None:
    """One message that names the option."""
    found, said = dead("http://127.0.0.1:1").sweep(f"--rate={rate}")
    assert found == MISTAKE, said
    assert "--rate" in said


def test_what_is_no_runs_directory_is_a_mistake(tmp_path: Path) -> None:
    """Nor is one whose manifest is damaged."""
    swept = streamsoak("sweep", str(tmp_path))
    assert (swept.returncode, "not a run's directory" in swept.stderr) == (MISTAKE, True)
    (tmp_path / "manifest.json").write_text('{"run": 7')
    swept = streamsoak("sweep", str(tmp_path))
    assert (swept.returncode, "manifest.json" in swept.stderr) == (MISTAKE, True), swept.stderr


def test_a_sweep_that_is_killed_can_be_done_again(dead: Any, sandbox: Sandboxes, client: Clients) -> None:
    """What it closed is in a ledger of its own, a line at a time; half a line at its end is none."""
    served = sandbox()
    one, two = (client(served.url).open() for _ in range(2))
    run = dead(served.url, one, two)
    client(served.url).post("stop", session_id=one)
    (run.folder / SWEEP_FILE).write_bytes(b'["closed",1,9.0]\n["clos')
    code, said = run.sweep()
    assert (code, "Closed 1 session; 0 already closed," in said) == (PASS, True), said
    assert served.open_sessions() == {}
    assert read_ledgers(ledgers(run.folder)).open == {}
