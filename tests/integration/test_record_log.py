"""What `streamsoak record` writes down, and what a report makes of it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from loadtests.cli.__main__ import main
from loadtests.http.codec import Codec
from loadtests.http.route import route_to
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.operation import Operation
from loadtests.model.run.manifest import Manifest
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call
from loadtests.model.text.input_error import EXIT_MISTAKE, EXIT_UNAVAILABLE
from loadtests.recording.run_directory import write_manifest
from loadtests.sandbox.process import SandboxProcess
from loadtests.scenarios.catalogue import api_files, named_api
from reports.build import build_report
from reports.log.compaction import readable

from .conftest import Client
from .crew import summary, wait_for
from .disks import small_disk
from .locust_run import ROOT
from .recorded import connect, kill, read_all, recorded, stored

pytestmark = pytest.mark.faults

KEY = "sk-never-on-a-disk-0123456789abcdef"
CLIENTS = ROOT / "tests" / "clients"
_SHIPPED = [named_api(str(file)) for file in api_files()]
OTHERS = [
    # The one whose calls go by a token needs the most of the proxy.
    pytest.param(api, id=api.name, marks=() if api.name == "liveavatar" else pytest.mark.thorough)
    for api in _SHIPPED
    if not api.is_default
]
Sandboxes = Callable[..., SandboxProcess]


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """The rows that are in the log now, while it is written."""
    batches = (batch for path in sorted(folder.glob("events*.arrow")) for batch in readable(path))
    return [row for batch in batches for row in batch.to_pylist()]


def sessions_of(folder: Path) -> dict[str, str]:
    """The fate of each session of a report, by the API's id."""
    found = duckdb.sql(f"SELECT id, fate FROM '{folder}/sessions.parquet'").fetchall()
    return dict(found)


def audited(folder: Path) -> Path:
    """A directory for the sandbox's own journal, which a report takes for an audit's."""
    folder.mkdir()
    manifest = Manifest(
        run=folder.name,
        host="127.0.0.1",
        sandbox=True,
        audit=True,
        started_unix=time.time(),
        seed=0,
        limit=None,
        observe=0.0,
        poll=0.0,
        tolerance=1.0,
        people={},
        api=default_api(),
        scenario=None,
        software={},
    )
    write_manifest(folder, manifest)
    return folder


def converse(url: str, how: str) -> None:
    """A client that leaves in a certain way; idle timeouts are two seconds."""
    client = Client(url, KEY)
    try:
        session_id = client.open(activity_idle_timeout=2)
        client.post("start", session_id=session_id)
        client.post("task", session_id=session_id, text="Tell me something that is not written down.")
        if how == "zombie":
            for _ in range(5):
                time.sleep(0.6)
                client.post("keep_alive", session_id=session_id)
        if how == "idle":
            time.sleep(2.6)
            client.post("task", session_id=session_id, text="too late")
        if how in ("stops", "stops twice"):
            client.post("stop", session_id=session_id)
        if how == "stops twice":
            client.post("stop", session_id=session_id)
    finally:
        client.http.close()


def test_a_fleet_of_clients_has_the_fates_of_the_sandbox_s_own_journal(tmp_path: Path) -> None:
    """Session by session, clean and leaky clients in Python and Node; findings name the client's mistakes, and no key is kept."""
    journal = audited(tmp_path / "journal")
    zero = time.monotonic()
    sandbox = SandboxProcess(["--idle-range", "1:3599", f"--journal={journal}", f"--zero={zero!r}"])
    try:
        with recorded(tmp_path / "runs", sandbox.url) as proxy:
            environment = {**os.environ, "KONPRO_BASE_URL": proxy.url, "KONPRO_API_KEY": KEY}
            commands = [[sys.executable, str(CLIENTS / name), "2"] for name in ("clean.py", "leaky.py")]
            commands += [["node", str(CLIENTS / name), "2"] for name in ("clean.mjs", "leaky.mjs")]
            programs = [
                subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for command in commands
            ]
            ways = ("stops", "stops", "stops twice", "abandons", "abandons", "zombie", "idle")
            people = [threading.Thread(target=converse, args=(proxy.url, how)) for how in ways]
            for person in people:
                person.start()
            for person in people:
                person.join()
            assert [program.wait(30) for program in programs].count(0) >= 2
            wait_for(lambda: not sandbox.open_sessions(), "all sessions have ended")
            time.sleep(0.1)  # a presumed end is later than the API's by the time that the last call took
            assert proxy.end() == 0
            said, folder = proxy.said, proxy.folder
    finally:
        sandbox.close()
    assert not any(word in said for word in ("Traceback", "cannot be recorded", "Warning")), said
    build_report(folder)
    build_report(journal)
    fates = sessions_of(folder)
    assert fates == sessions_of(journal)
    assert {"closed", "leaked-reaped", "expired"} <= set(fates.values())
    told = summary(folder)
    found = {finding["name"]: finding for finding in told["findings"]}
    assert {"unclosed-sessions", "zombie-keepalives", "uncovered-quiet-periods", "calls-on-closed-session"} <= set(
        found
    )
    assert "double-open" not in found
    assert "presumed reaped" in found["unclosed-sessions"]["said"]
    assert all(finding["owner"] == "your client" for finding in found.values())
    assert told["verdict"] == "fail"
    assert told["recording"]["open"] == 0
    assert sum(hour["opened"] for hour in told["recording"]["hours"]) == told["sessions"]["opened"]
    for secret in (KEY, "Tell me something", "too late"):
        assert secret.encode() not in stored(tmp_path), secret
        assert secret not in said


def test_a_client_that_did_not_wait_for_its_session(tmp_path: Path, sandbox: Sandboxes) -> None:
    """The answer is still heard: the session is there, and its client does not know of it."""
    served = sandbox("--defect", "slow-new=1", "--idle-range", "1:3599")
    with recorded(tmp_path / "runs", served.url) as proxy:
        body = b'{"activity_idle_timeout": 2}'
        with connect(proxy.url) as connection:
            connection.sendall(
                b"POST /v1/streaming.new HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\nContent-Length: %d\r\n\r\n%b"
                % (len(body), body)
            )
            wait_for(lambda: bool(served.open_sessions()), "the request has arrived")
        wait_for(lambda: any(row["kind"] == "new" for row in rows_of(proxy.folder)), "the answer is in the log")
        (row,) = [row for row in rows_of(proxy.folder) if row["kind"] == "new"]
        assert (row["outcome"], row["status"]) == ("ok", 0)
        assert row["detail"] in served.open_sessions()


def test_a_killed_proxy_loses_at_most_its_last_second(tmp_path: Path, sandbox: Sandboxes) -> None:
    """What was written before can be read, in a report on a recording without an end."""
    served = sandbox()
    proxy_context = recorded(tmp_path / "runs", served.url)
    with proxy_context as proxy:
        client = Client(proxy.url, KEY)
        first = client.open()
        wait_for(lambda: first in {row["detail"] for row in rows_of(proxy.folder)}, "the first session is in the log")
        client.post("stop", session_id=first)
        began = time.monotonic()
        wait_for(lambda: any(row["kind"] == "stop" for row in rows_of(proxy.folder)), "its end, too")
        assert time.monotonic() - began < 5
        client.open()
        kill(proxy.process)
        build_report(proxy.folder)
        told = summary(proxy.folder)
        assert told["sessions"]["fates"]["closed"] == 1
        assert told["end_reason"] == ""
        assert KEY.encode() not in stored(tmp_path)


def test_a_disk_that_is_full_fails_no_request(tmp_path: Path, sandbox: Sandboxes) -> None:
    """Requests go on; when there is room, so does the recording, and it says how many calls are missing."""
    served = sandbox()
    runs = tmp_path / "runs"
    runs.mkdir()
    with small_disk(runs) as fill, recorded(runs, served.url) as proxy:
        client = Client(proxy.url, KEY)
        first = client.open()
        wait_for(lambda: first in {row["detail"] for row in rows_of(proxy.folder)}, "the first session is in the log")
        fill()
        for _ in range(300):
            assert client.post("keep_alive", session_id=first).status == 200
        wait_for(lambda: "calls cannot be recorded (disk); requests go on" in proxy.said, "the operator is told")
        (runs / "ballast").unlink()
        client.post("task", session_id=first, text="words")
        wait_for(lambda: any(row["kind"] == "gap" for row in rows_of(proxy.folder)), "the gap is told")
        assert len(list(proxy.folder.glob("events*.arrow"))) <= 3
        client.post("stop", session_id=first)
        assert proxy.end() == 0
        assert "recording goes on" in proxy.said
        rows = rows_of(proxy.folder)
        gaps = [row for row in rows if row["kind"] == "gap"]
        kept = sum(row["kind"] == "keep_alive" for row in rows)
        assert sum(row["value"] for row in gaps) + kept >= 300 - 2 and {row["detail"] for row in gaps} == {"disk"}
        assert sum(row["kind"] == "stop" for row in rows) == 1
        build_report(proxy.folder)
        assert summary(proxy.folder)["recording"]["missing_calls"] == sum(row["value"] for row in gaps)
        assert KEY.encode() not in stored(tmp_path)


def test_files_are_rotated_and_old_ones_deleted(tmp_path: Path, sandbox: Sandboxes) -> None:
    """Each is closed when the next begins; sessions keep their numbers; a report reads all that are left, or the last part."""
    served = sandbox()
    with recorded(tmp_path / "runs", served.url, "--rotate", "1s", "--keep", "2s") as proxy:
        client = Client(proxy.url, KEY)
        long = client.open()
        names: set[str] = set()

        def talked() -> bool:
            client.post("keep_alive", session_id=long)
            names.update(path.name for path in proxy.folder.glob("events*.arrow"))
            return "events.arrow" in names and not (proxy.folder / "events.arrow").exists()

        wait_for(talked, "the first file is deleted")
        assert len(names) >= 3
        closed = sorted(proxy.folder.glob("events*.arrow"), key=lambda path: path.stat().st_mtime)[:-1]
        assert all(path.read_bytes().endswith(b"\xff\xff\xff\xff\0\0\0\0") for path in closed)
        client.post("stop", session_id=long)
        client.post("stop", session_id=client.open())
        assert proxy.end() == 0
        rows = rows_of(proxy.folder)
        assert {row["session"] for row in rows if row["kind"] in ("keep_alive", "stop")} == {1, 2}
    build_report(proxy.folder)
    whole = summary(proxy.folder)
    assert whole["sessions"]["opened"] == 1, "the first session's opening is in a file that was deleted"
    build_report(proxy.folder, last=2.0)
    last = summary(proxy.folder)
    assert last["duration"] < whole["duration"]
    assert last["sessions"]["opened"] == 1


def test_bodies_that_cannot_be_read_fail_no_request(tmp_path: Path, sandbox: Sandboxes) -> None:
    """Whatever a client sends to a call's path, it gets the API's answer, and the log is none the worse."""
    served = sandbox()
    bodies = [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe\x00",
        b"[" * 50_000,
        b'{"session_id": 7, "activity_idle_timeout": "soon"}',
        b'{"session_id": {"a": []}, "text": null}',
        b'{"activity_idle_timeout": 1e999}',
        b'{"activity_idle_timeout": ' + b"9" * 400 + b"}",
        json.dumps({"session_id": "\ud800"}).encode(),
        json.dumps({"session_id": "x" * 70_000}).encode(),
        gzip.compress(bytes(5_000_000)),
    ]
    with recorded(tmp_path / "runs", served.url) as proxy:
        for path in ("new", "task", "stop", "keep_alive", "create_token"):
            for body in bodies:
                head = b"Authorization: Bearer %b\r\nContent-Encoding: gzip\r\n" % KEY.encode()
                ask = (
                    b"POST /v1/streaming.%b HTTP/1.1\r\nHost: a\r\n%bConnection: close\r\nContent-Length: %d\r\n\r\n%b"
                    % (
                        path.encode(),
                        head if body.startswith(b"\x1f") else head.split(b"Content")[0],
                        len(body),
                        body,
                    )
                )
                with connect(proxy.url) as connection, connect(served.url) as direct:
                    connection.sendall(ask)
                    direct.sendall(ask)
                    answers = [read_all(each).split(b"\r\n")[0] for each in (connection, direct)]
                assert answers[0] == answers[1]
        assert proxy.end() == 0
        assert "cannot be recorded" not in proxy.said, proxy.said
        assert len([row for row in rows_of(proxy.folder) if row["kind"] in set(Operation)]) == 5 * len(bodies)
        assert KEY.encode() not in stored(tmp_path)


def _ask(url: str, request: bytes) -> None:
    with connect(url) as connection:
        connection.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        answer = read_all(connection)
    assert answer.split(b" ")[1][:1] == b"2", answer


@pytest.mark.parametrize("api", OTHERS)
def test_the_calls_of_each_shipped_api_are_recorded(tmp_path: Path, sandbox: Sandboxes, api: ApiDescription) -> None:
    """Under our names and with the session that they are about, wherever the API has its id."""
    served = sandbox("--api", api.name)
    with recorded(tmp_path / "runs", served.url, "--api", api.name) as proxy:
        client = Client(served.url)
        codec = Codec(route_to(proxy.url), api, KEY, {})
        session = Session.from_ledger(1, "")
        session.idle_timeout = api.idle_timeout.default
        session.kept = {}
        for operation in (Operation.CREATE_TOKEN, Operation.NEW):
            if codec.has(operation) and not (operation is Operation.CREATE_TOKEN and not api.needs_token):
                _learn(proxy.url, codec, session, operation)
        (session_id,) = served.open_sessions()
        for operation in (Operation.KEEP_ALIVE, Operation.STOP):
            if codec.has(operation):
                _ask(proxy.url, codec.encode(Call(session, operation, 0.0)))
        assert served.open_sessions() == {}
        client.http.close()
        assert proxy.end() == 0
        rows = [row for row in rows_of(proxy.folder) if row["session"]]
        calls = {row["kind"]: row for row in rows if row["kind"] in set(Operation)}
        assert calls["new"]["detail"] == session_id
        assert {row["outcome"] for row in calls.values()} == {"ok"}
        assert {row["session"] for row in calls.values()} == {1}
        assert {"new", "stop"} <= set(calls)
        assert KEY.encode() not in stored(tmp_path)


def _learn(url: str, codec: Codec, session: Session, operation: Operation) -> None:
    """Sends a call, and keeps what later calls need of its answer."""
    from loadtests.http.exchange import Exchange

    with connect(url) as connection:
        request = codec.encode(Call(session, operation, 0.0))
        connection.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    answer = codec.decode(operation, Exchange(0.0, 0.0, 0.0, int(head.split(b" ")[1]), body))
    assert answer.outcome == "ok", (head, body)
    session.kept = {**(session.kept or {}), **(answer.kept or {})}
    session.id = answer.session_id or session.id


def test_options_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One message names the option, and nothing is begun."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        cases = {
            ("--upstream", "ftp://a"): "--upstream: must be scheme://host",
            ("--upstream", "https://user:pass@a.invalid"): "--upstream: must not contain a user name",
            ("--upstream", "http://127.0.0.1:1", "--listen", "127.0.0.1"): "--listen: must be HOST:PORT",
            ("--upstream", "http://127.0.0.1:1", "--listen", f"127.0.0.1:{taken.getsockname()[1]}"): "--listen: cannot",
            ("--upstream", "http://127.0.0.1:1", "--rotate", "0"): "--rotate: must be 1 second or more",
            ("--upstream", "https://127.0.0.1:1", "--ca-file", "/nowhere.pem"): "--ca-file: must be a file of trusted",
        }
        for options, message in cases.items():
            assert main(["record", *options, "--run-dir", str(tmp_path / "runs")]) in (EXIT_MISTAKE, EXIT_UNAVAILABLE)
            assert capsys.readouterr().err.startswith(message)
    assert not (tmp_path / "runs").exists()


def test_a_proxy_that_other_machines_can_reach_says_so(tmp_path: Path) -> None:
    """It warns that keys can be read on the way."""
    with recorded(tmp_path / "runs", "http://127.0.0.1:1", "--listen", "0.0.0.0:0") as proxy:
        assert proxy.end(signal.SIGINT) == 0
        assert "Warning: other machines" in proxy.said
