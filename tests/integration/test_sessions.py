"""`streamsoak sessions`: what it shows, what it closes, and what it leaves alone."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtests.cli.__main__ import main
from loadtests.sandbox.process import SandboxProcess

from .conftest import Client, FaultServer
from .crew import wait_for
from .locust_run import KEY
from .test_secrets import found_in
from .test_sweep import api

Sandboxes = Callable[..., SandboxProcess]
Clients = Callable[..., Client]
Servers = Callable[..., FaultServer]
PASS, FAIL, UNKNOWN, MISTAKE, UNAVAILABLE = 0, 1, 2, 64, 69


class Account:
    """A sandbox with open sessions, and the command on it."""

    def __init__(self, url: str, sessions: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        self.url = url
        self.sessions = sessions
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """Exit code and output of `streamsoak sessions`."""
        code = main(["sessions", *arguments, "--host", self.url])
        said = self._capsys.readouterr()
        assert KEY not in said.out + said.err
        assert "Traceback" not in said.err
        return code, said.out + said.err


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory with a key in the environment, and no terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KONPRO_API_KEY", KEY)
    monkeypatch.setattr("sys.stdin", open(os.devnull, encoding="utf-8"))  # noqa: SIM115, PTH123
    return tmp_path


@pytest.fixture
def account(here: Path, sandbox: Sandboxes, client: Clients, capsys: pytest.CaptureFixture[str]) -> Account:
    """An account with three sessions."""
    served = sandbox()
    return Account(served.url, [client(served.url, KEY).open() for _ in range(3)], capsys)


def ledger(here: Path) -> list[dict[str, Any]]:
    """The lines of the file of what was closed."""
    (file,) = here.glob("runs/closed-*.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_the_list(account: Account, here: Path) -> None:
    """Full ids in a pipe; JSON for programs."""
    code, said = account("list")
    assert code == PASS
    rows = [line.split("\t") for line in said.splitlines() if line]
    assert rows[0] == ["id", "age", "state"]
    assert {row[0] for row in rows[1:]} == set(account.sessions)
    code, said = account("list", "--json")
    found = json.loads(said)
    assert (code, found["open"], found["host"]) == (PASS, 3, account.url)
    assert {row["session_id"] for row in found["sessions"]} == set(account.sessions)
    assert all(row["age"] < 60 and row["state"] == "new" for row in found["sessions"])
    assert list(here.iterdir()) == []


def test_closing_by_id(account: Account, here: Path) -> None:
    """The beginning of an id will do; what is not listed is already closed; a file records all of it."""
    one, two, three = account.sessions
    code, said = account("close", one, two[:20], "not-there", "--yes")
    assert code == PASS, said
    assert f"{account.url}: 2 of 3 open sessions to be closed." in said
    assert "2 sessions closed, 1 already closed, 0 could not be closed." in said
    assert "not-there is not listed" in said
    assert three in account("list")[1]
    intent, *results = ledger(here)
    assert (intent["host"], intent["open"]) == (account.url, 3)
    assert [row["session_id"] for row in intent["to_close"]] == [one, two]
    assert [(row["session_id"], row["result"]) for row in results] == [(one, "closed"), (two, "closed")]
    assert found_in(here) == []


def test_closing_by_age(account: Account, here: Path) -> None:
    """None is an hour old; all are older than nothing."""
    code, said = account("close", "--older-than", "1h", "--yes")
    assert (code, "none of 3 open sessions is to be closed" in said) == (PASS, True)
    assert list(here.iterdir()) == []
    code, said = account("close", "--older-than", "1ms", "--yes", "--max", "2")
    assert (code, "3 sessions would be closed, of 3 open; none was closed" in said) == (MISTAKE, True)
    code, said = account("close", "--older-than", "1ms", "--yes", "--max", "3")
    assert (code, "3 sessions closed, 0 already closed, 0 could not be closed." in said) == (PASS, True)


def test_nothing_is_closed_without_a_yes(account: Account, here: Path) -> None:
    """Without a terminal nobody can be asked. Mistakes close nothing either."""
    for arguments in (
        (account.sessions[0],),
        (),
        ("--older-than", "1h", account.sessions[0], "--yes"),
        (account.sessions[0][:2], "--yes"),
    ):
        code, said = account("close", *arguments)
        assert code == MISTAKE, said
    code, said = account("close", account.sessions[0])
    assert "1 of 3 open sessions to be closed" in said
    assert "--yes: is required without a terminal; none was closed" in said
    assert json.loads(account("list", "--json")[1])["open"] == 3
    assert list(here.iterdir()) == []


def test_only_what_was_shown_is_closed(here: Path, fault_server: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    """A session that is opened meanwhile stays; one that stays listed, or cannot be stopped, is named: exit code 1."""
    open_now, stopped = ["good", "ghost", "refused"], []

    def stop(session_id: str, peer: Any) -> bool:
        stopped.append(session_id)
        if session_id == "refused":
            peer.answer(b'{"code":400001,"message":"no"}', 400)
            return True
        if session_id == "good":
            open_now.remove("good")
            open_now.append("new")
        return False

    server = fault_server(api(lambda: open_now, stop))
    account = Account(server.url, [], capsys)
    code, said = account("close", "good", "ghost", "refused", "--yes", "--rate", "100")
    assert code == FAIL
    assert stopped == ["good", "ghost", "refused"]
    assert "1 session closed, 0 already closed, 2 could not be closed." in said
    assert "still open: ghost: still listed: a ghost" in said
    assert [row["result"] for row in ledger(here)[1:]][-1] == "not closed: still listed: a ghost"


def test_an_account_that_cannot_be_read(here: Path, fault_server: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is closed; the exit code says why."""
    for status, expected in ((401, MISTAKE), (500, UNKNOWN)):
        server = fault_server(api(lambda status=status: status, lambda one, peer: False))  # type: ignore[misc]
        account = Account(server.url, [], capsys)
        assert account("close", "some-id", "--yes")[0] == expected
        assert account("list")[0] == expected
        assert not any(b"POST" in request for request in server.requests)
    assert Account("http://127.0.0.1:1", [], capsys)("list")[0] == UNAVAILABLE


@pytest.mark.parametrize(("answer", "left"), [("y", 2), ("n", 3)])
def test_a_person_is_asked(account: Account, here: Path, answer: str, left: int) -> None:
    """On a terminal, with the account's numbers; only a yes closes."""
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "loadtests.cli", "sessions", "close", account.sessions[0], "--host", account.url]
    output = here / "said"
    with output.open("wb") as file:
        process = subprocess.Popen(arguments, stdin=theirs, stdout=file, stderr=file, env=os.environ)
        wait_for(lambda: b"1 of 3 open sessions to be closed." in output.read_bytes(), "the question")
        os.write(ours, f"{answer}\n".encode())
        code = process.wait(timeout=30)
    os.close(ours)
    os.close(theirs)
    assert code == (PASS if answer == "y" else MISTAKE)
    assert json.loads(account("list", "--json")[1])["open"] == left


def test_an_interruption_leaves_a_record(here: Path, fault_server: Servers) -> None:
    """The session in progress is closed and recorded, the rest is not tried."""
    open_now, stopped = ["a", "b", "c"], []

    def stop(session_id: str, peer: Any) -> bool:
        stopped.append(session_id)
        process.send_signal(signal.SIGINT)
        open_now.remove(session_id)
        return False

    server = fault_server(api(lambda: open_now, stop))
    command = [sys.executable, "-m", "loadtests.cli", "sessions", "close", *open_now, "--yes", "--host", server.url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, stopped) == (130, ["a"]), said
    assert "1 session closed, 0 already closed, 0 could not be closed.\n2 sessions not tried." in said
    assert [row["result"] for row in ledger(here)[1:]] == ["closed"]
