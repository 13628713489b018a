"""The guards of accounts that cost money, rehearsed on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from loadtests.sandbox.process import SandboxProcess
from reports.build import judge_run

from .locust_run import KEY, SCENARIOS, Finished, finish, start_locust

EVERY_WAY = str(SCENARIOS / "every-way.toml")
_REAL = ("--headless", "--rehearse-guards", "--scenario", EVERY_WAY)


@pytest.fixture
def host(sandbox: Callable[..., SandboxProcess], monkeypatch: pytest.MonkeyPatch) -> str:
    """A sandbox that stands for a real account."""
    monkeypatch.setenv("KONPRO_API_KEY", KEY)
    return sandbox("--idle-range", "1:3599", "--limit", "50").url


def _refused(folder: Path, *options: str, code: int = 64) -> str:
    process = start_locust(folder, *options)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    assert "Traceback" not in output
    assert not (folder / "runs").exists()
    return output


def _run(folder: Path, *options: str) -> Finished:
    return finish(start_locust(folder, *options), folder)


def _open_one(host: str) -> dict[str, Any]:
    answer = requests.post(f"{host}/v1/streaming.new", headers={"Authorization": f"Bearer {KEY}"}, json={}, timeout=5)
    opened: dict[str, Any] = answer.json()["data"]
    return opened


def test_all_that_is_missing_is_told_at_once(tmp_path: Path, host: str) -> None:
    """--max-open is mandatory, and leaking needs consent."""
    output = _refused(tmp_path, *_REAL, "--host", host)
    assert "--max-open: is required" in output
    assert "--allow-leaks: is required: every-way, example leave sessions open" in output


def test_without_a_scenario_the_minutes_must_be_bounded(tmp_path: Path, host: str) -> None:
    """Nobody could say beforehand what such a run uses."""
    output = _refused(
        tmp_path, "--headless", "--rehearse-guards", "--host", host, "--max-open", "3", "-t", "1s", "Interactive"
    )
    assert "--max-session-minutes: is required" in output
    assert "--allow-leaks" not in output


def test_an_account_with_sessions_of_others_is_refused(tmp_path: Path, host: str) -> None:
    """Unless --shared-account says that it is meant; theirs are not touched, and count as others."""
    theirs = _open_one(host)
    consent = ("--host", host, "--max-open", "5", "--allow-leaks")
    assert "the account has 1 open session of others" in _refused(tmp_path, *_REAL, *consent)
    finished = _run(tmp_path, *_REAL, *consent, "--shared-account", "-t", "3s")
    assert finished.summary["slot_seconds"]["others"] > 1
    listed = requests.get(f"{host}/v1/streaming.list", headers={"Authorization": f"Bearer {KEY}"}, timeout=5).json()
    assert [row["session_id"] for row in listed["data"]["sessions"]] == [theirs["session_id"]]


def test_an_account_that_cannot_be_reached_is_refused(tmp_path: Path, host: str) -> None:
    """At once, and as what it is: not available."""
    options = (*_REAL, "--host", host.replace("127.0.0.1", "127.0.0.9"), "--max-open", "5", "--allow-leaks")
    output = _refused(tmp_path, *options, code=69)
    assert "cannot be reached: the connection is refused" in output
    assert os.environ["KONPRO_API_KEY"] not in output


def test_max_open_holds_and_what_is_withheld_is_no_hit(tmp_path: Path, host: str) -> None:
    """Never more than four sessions, by the API's own list; the attempts that we did not send are recorded apart."""
    finished = _run(tmp_path, *_REAL, "--host", host, "--max-open", "4", "--allow-leaks", "-t", "6s")
    analysis = judge_run(finished.folder)
    assert analysis.log_end > 6
    assert finished.summary["concurrency_hits"]["count"] == 0
    assert finished.summary["withheld"] > 0
    listed = _rows(finished, "kind = 'list'", "value")
    assert 0 < max(listed) <= 4


def test_session_minutes_end_the_run(tmp_path: Path, host: str) -> None:
    """Six seconds' worth of sessions: the run ends long before its stages do, and closes what is open."""
    finished = _run(
        tmp_path, *_REAL, "--host", host, "--max-open", "10", "--allow-leaks", "--max-session-minutes", "0.1"
    )
    assert "session-minutes" in finished.output
    # Half a minute would be five times as much as allowed: the bound is looked at each second, with at most ten open.
    assert sum(finished.summary["slot_seconds"].values()) < 30
    left = requests.get(f"{host}/v1/streaming.list", headers={"Authorization": f"Bearer {KEY}"}, timeout=5).json()
    assert left["data"]["sessions"] == []


def _rows(finished: Finished, where: str, column: str) -> list[float]:
    import duckdb

    with duckdb.connect() as database:
        found = database.execute(f"SELECT {column} FROM '{finished.folder}/events.parquet' WHERE {where}").fetchall()
    return [float(row[0]) for row in found]


def test_others_on_this_machine_may_be_a_real_account(tmp_path: Path, fault_server: Any) -> None:
    """A host that is no sandbox and has sessions of others is refused before anything is opened; --real asks for the guards."""

    def serve(peer: Any) -> None:
        while request := peer.request():
            if b"GET /v1/streaming.list" in request:
                peer.answer(b'{"code":100,"data":{"sessions":[{"session_id":"theirs","created_at":1}]}}')
            else:
                peer.answer(b"{}", 404)

    server = fault_server(serve)
    refused = _refused(tmp_path, "--headless", "--host", server.url, "--scenario", EVERY_WAY)
    assert "1 open session of others" in refused
    assert "--real" in refused
    asked = _refused(tmp_path, "--headless", "--real", "--host", server.url, "--scenario", EVERY_WAY)
    assert "--max-open: is required" in asked
    assert not [request for request in server.requests if b"streaming.new" in request]
