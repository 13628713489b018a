"""The API's list with a hundred thousand sessions of others, and one that is longer than we read."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from loadtests.http.client import LARGEST_ANSWER
from loadtests.sandbox.process import SandboxProcess
from reports.build import judge_run

from .conftest import FaultServer, Peer, Script
from .locust_run import Finished, finish, start_locust
from .test_faults import _answer

pytestmark = pytest.mark.faults

Sandboxes = Callable[..., SandboxProcess]
Servers = Callable[..., FaultServer]
OTHERS = 100_000
SCENARIO = """
idle_range = [1, 3599]
observe = "4s"
poll = "1s"
tolerance = "1s"
gates = ["sessions.fates.unobserved == 0"]

[[stages]]
name = "all"
duration = "6s"
load = { forgetful = "60/min" }

[profiles.forgetful]
idle_timeout = 2
session_length = "500ms"
turns = { words = 1, thinking = "200ms" }
leaving = { abandon = 1.0 }
"""


def beside(port: int, others: bytes) -> Script:
    """The API at `port`, whose list has these rows (JSON, with a comma at the end) before its own."""

    def serve(peer: Peer) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as api:
            while request := peer.request():
                api.sendall(request)
                answer = _answer(api)
                if request.startswith(b"GET "):
                    own = json.dumps(json.loads(answer.partition(b"\r\n\r\n")[2])["data"]["sessions"]).encode()
                    rows = others + own[1:-1] if len(own) > 2 else others.rstrip(b",")
                    peer.answer(b'{"code":100,"data":{"sessions":[%b]}}' % rows)
                elif b"streaming.stop " in request[:80]:
                    # A stop that says yes to whatever is closed already tells nothing of how it ended.
                    peer.answer()
                else:
                    peer.send(answer)

    return serve


def _run(folder: Path, host: str) -> Finished:
    scenario = folder / "long-list.toml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    return finish(
        start_locust(folder, "--headless", "--shared-account", "--host", host, "--scenario", str(scenario)), folder
    )


def test_a_hundred_thousand_sessions_are_looked_through(
    tmp_path: Path, sandbox: Sandboxes, fault_server: Servers
) -> None:
    """Ours are found among them, with their fates; the others are told apart. The list is read by a process of its own."""
    served = sandbox("--idle-range", "1:3599")
    rows = b"".join(
        b'{"session_id":"other-%d","created_at":1700000000,"status":"connected"},' % n for n in range(OTHERS)
    )
    finished = _run(tmp_path, fault_server(beside(int(served.url.rpartition(":")[2]), rows)).url)
    assert "Traceback" not in finished.output
    with duckdb.connect() as database:
        database.execute(f"CREATE VIEW events AS SELECT * FROM '{finished.folder}/events.parquet'")
        looks = database.execute("SELECT value FROM events WHERE kind = 'list' AND outcome = 'ok'").fetchall()
        strangers = database.execute("SELECT count(DISTINCT detail) FROM events WHERE kind = 'stranger'").fetchone()
    assert len(looks) >= 2
    assert min(looks) >= (OTHERS,)
    assert strangers == (OTHERS,)
    fates = judge_run(finished.folder).sessions["fate"].value_counts()
    assert fates.get("leaked-reaped", 0) > 0
    assert fates.get("unobserved", 0) == 0


def test_a_list_that_is_too_long_is_not_read_and_that_is_said(
    tmp_path: Path, sandbox: Sandboxes, fault_server: Servers
) -> None:
    """What nobody saw end is unobserved: a finding says why, and nothing passes by it."""
    served = sandbox("--idle-range", "1:3599")
    row = b'{"session_id":"other-%d","created_at":1700000000,"status":"%b"},'
    rows = b"".join(row % (n, b"x" * 900) for n in range(LARGEST_ANSWER // 900))
    server = fault_server(beside(int(served.url.rpartition(":")[2]), rows))
    finished = _run(tmp_path, server.url)
    assert "Traceback" not in finished.output
    with duckdb.connect() as database:
        looks = database.execute(
            f"SELECT DISTINCT outcome, reason FROM '{finished.folder}/events.parquet' WHERE kind = 'list'"
        ).fetchall()
    assert looks == [("unknown", "too-large")]
    assert set(judge_run(finished.folder).sessions["fate"]) <= {"unobserved", "censored"}
    assert finished.summary["sessions"]["fates"]["unobserved"] > 0
    assert finished.summary["verdict"] != "pass"
    (finding,) = [one for one in finished.summary["findings"] if one["name"] == "list-unavailable"]
    assert "too-large" in (finished.folder / "report.html").read_text(encoding="utf-8"), finding
    assert served.open_sessions() == {}
