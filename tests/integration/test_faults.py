"""Whole runs in which the server, the disk or the wall clock goes wrong: no crash, nothing left open, and the truth told."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtests.model.log.record import Row
from loadtests.recording.ledger import read_ledgers
from loadtests.recording.recorder import Recorder
from loadtests.sandbox.process import SandboxProcess
from reports.build import judge_run
from reports.log.compaction import readable

from .conftest import FaultServer, Peer
from .crew import CREW, Crew, free_port, manifest, streamsoak, summary, wait_for
from .disks import small_disk
from .locust_run import ROOT, SCENARIOS, finish, misjudged, start_locust, truth
from .verdict import verdict_of

pytestmark = pytest.mark.faults

Sandboxes = Callable[..., SandboxProcess]
Servers = Callable[..., FaultServer]
JUMPY = Path(__file__).parent / "locustfiles" / "jumpy.py"
UNKNOWN, UNAVAILABLE = 2, 69
HUNDRED_MEGABYTES = 100_000_000

_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")


class Broken:
    """What goes wrong on the way back from the real API: of every few answers one, each fault in its turn."""

    def __init__(self, port: int, every: int = 4) -> None:
        self._port = port
        self._calls = itertools.count(1)
        self._faults = itertools.cycle(
            (
                self._reset,
                self._half,
                self._no_json,
                self._error,
                self._too_many,
                self._slow,
                self._huge,
                self._redirect,
            )
        )
        self._every = every
        self.done: set[str] = set()
        """Names of faults that came up."""

    def serve(self, peer: Peer) -> None:
        """One connection: a request goes on to the API, and something of its answer comes back."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as api:
            while request := peer.request():
                api.sendall(request)
                answer = _answer(api)
                # The list is the truth that the run is compared with: its own faults have tests of their own.
                if request.startswith(b"GET ") or next(self._calls) % self._every:
                    peer.send(answer)
                    continue
                fault = next(self._faults)
                self.done.add(fault.__name__)
                if not fault(peer, answer):
                    return

    def _reset(self, peer: Peer, answer: bytes) -> bool:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        return False

    def _half(self, peer: Peer, answer: bytes) -> bool:
        peer.send(answer[: len(answer) // 2])
        return False

    def _no_json(self, peer: Peer, answer: bytes) -> bool:
        peer.answer(b"<html>It works!</html>")
        return True

    def _error(self, peer: Peer, answer: bytes) -> bool:
        peer.answer(b'{"code":500}', 503)
        return True

    def _too_many(self, peer: Peer, answer: bytes) -> bool:
        peer.answer(b'{"code":400123,"message":"Exceed rate limit"}', 429, "Retry-After: 1")
        return True

    def _slow(self, peer: Peer, answer: bytes) -> bool:
        # Headers, a byte at a time, for longer than a request may take.
        with contextlib.suppress(OSError):
            for byte in answer:
                peer.socket.sendall(bytes([byte]))
                if _is_gone(peer.socket, 0.3):
                    return False
        return False

    def _huge(self, peer: Peer, answer: bytes) -> bool:
        with contextlib.suppress(OSError):
            peer.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUNDRED_MEGABYTES)
            for _ in range(HUNDRED_MEGABYTES // 100_000):
                peer.socket.sendall(bytes(100_000))
        return False

    def _redirect(self, peer: Peer, answer: bytes) -> bool:
        peer.answer(b"", 302, "Location: http://127.0.0.1:9/elsewhere")
        return True


def _answer(api: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += api.recv(1 << 16)
    head, _, body = data.partition(b"\r\n\r\n")
    told = _LENGTH.search(head)
    length = int(told[1]) if told else 0
    while len(body) < length:
        body += api.recv(1 << 16)
    return head + b"\r\n\r\n" + body


def _is_gone(client: socket.socket, seconds: float) -> bool:
    client.settimeout(seconds)
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except TimeoutError:
        return False
    finally:
        client.settimeout(15)


def test_a_server_that_breaks_its_answers_in_every_way(
    tmp_path: Path, sandbox: Sandboxes, fault_server: Servers
) -> None:
    """What was told is closed; what was lost is counted as such; each session's fate is what the API really did."""
    log = tmp_path / "truth.jsonl"
    served = sandbox("--idle-range", "1:3599", "--log", str(log))
    broken = Broken(int(served.url.rpartition(":")[2]))
    host = fault_server(broken.serve).url
    scenario = tmp_path / "broken.toml"
    scenario.write_text(CREW.read_text(encoding="utf-8").replace('timeout = "5s"', 'timeout = "1s"'), encoding="utf-8")
    finished = finish(
        start_locust(tmp_path, "--headless", "--host", host, "--scenario", str(scenario), "-t", "8s", "--observe", "1"),
        tmp_path,
    )
    assert finished.code in (0, 1, UNKNOWN), finished.output
    assert "Traceback" not in finished.output
    assert len(broken.done) >= 6
    told = manifest(finished.folder)
    assert (told["defects"], told["lost_events"]) == (0, 0)
    books = read_ledgers(finished.folder.glob("ledger*.jsonl"))
    assert not books.ids.keys() & served.open_sessions().keys()
    sessions = judge_run(finished.folder).sessions
    concluded = dict(zip(sessions["id"], sessions["fate"], strict=True))
    really = truth(log)
    assert books.ids.keys() <= concluded.keys() <= really.keys()
    stopped = {one for one, facts in really.items() if facts.get("cause") == "stop"}
    assert {one for one, fate in concluded.items() if fate in ("closed", "censored", "swept")} <= stopped


def test_a_server_that_never_answers(tmp_path: Path, fault_server: Servers) -> None:
    """Each request is given up in its time; nothing is known to have been opened, and the run cannot tell."""
    server = fault_server(lambda peer: peer.request() and peer.request())
    scenario = tmp_path / "hanging.toml"
    scenario.write_text(CREW.read_text(encoding="utf-8").replace('timeout = "5s"', 'timeout = "1s"'), encoding="utf-8")
    process = start_locust(tmp_path, "--headless", "--host", server.url, "--scenario", str(scenario), "-t", "3s")
    finished = finish(process, tmp_path)
    assert finished.code in (1, UNKNOWN), finished.output
    assert finished.summary["verdict"] != "pass"
    assert "Traceback" not in finished.output
    assert finished.summary["sessions"]["opened"] == 0
    assert len(read_ledgers(finished.folder.glob("ledger*.jsonl")).lost) > 0


def test_a_certificate_that_nobody_knows(tmp_path: Path, fault_server: Servers, self_signed: Any) -> None:
    """No request goes through, and nothing of the key does; it is said before the run, with what to do."""
    server = fault_server(lambda peer: peer.request(), context=self_signed)
    host = server.url.replace("http://", "https://")
    process = start_locust(tmp_path, "--headless", "--host", host, "--scenario", str(CREW), "-t", "2s")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == UNAVAILABLE, output
    assert "Traceback" not in output
    assert server.requests == []
    assert "certificate cannot be verified; name its authority in SSL_CERT_FILE or REQUESTS_CA_BUNDLE" in output


def test_the_api_is_killed_and_comes_back(tmp_path: Path) -> None:
    """The run outlives it; what the old one had is gone, and what the new one has is closed."""
    port = free_port()
    second = tmp_path / "second.jsonl"
    served = SandboxProcess(["--port", str(port), "--idle-range", "1:3599"])
    with Crew(tmp_path) as crew:
        options = ("--headless", "--host", served.url, "--scenario", str(CREW), "-t", "9s", "--observe", "1")
        run = crew.start("here", *options)
        wait_for(lambda: len(served.open_sessions()) >= 8, "sessions are open")
        os.kill(served.pid, signal.SIGKILL)
        served.close()
        served = SandboxProcess(["--port", str(port), "--idle-range", "1:3599", "--log", str(second)])
        try:
            assert run.end() in (0, 1, UNKNOWN), run.output
            assert "Traceback" not in run.output
            assert truth(second)
            assert served.open_sessions() == {}
        finally:
            served.close()
        told = summary(crew.run_folder("here"))
        # What the first wrote last died with it: the eight who were there were not in its log yet.
        assert told["sessions"]["opened"] >= 8 + len(truth(second))
        assert told["sessions"]["fates"]["dropped"] >= 8


@pytest.fixture
def dead_run(tmp_path: Path) -> Path:
    """The directory of a simulated run, without its report."""
    streamsoak("simulate", "smoke", "--run-dir", str(tmp_path / "runs"))
    (folder,) = (tmp_path / "runs").iterdir()
    for name in ("report.html", "summary.json", "events.parquet", "support.csv"):
        (folder / name).unlink(missing_ok=True)
    return folder


def test_a_disk_that_becomes_full(tmp_path: Path, sandbox: Sandboxes) -> None:
    """Nothing more is opened, all is closed, the verdict is unknown, and a message says why."""
    served = sandbox("--idle-range", "1:3599")
    runs = tmp_path / "runs"
    runs.mkdir()
    with small_disk(runs) as fill, Crew(tmp_path) as crew:
        options = ("--headless", "--host", served.url, "--scenario", str(CREW), "-t", "6s", "--observe", "1")
        run = crew.start("here", *options, "--run-dir", str(runs))
        wait_for(lambda: len(served.open_sessions()) >= 8, "sessions are open")
        fill()
        assert run.end() == UNKNOWN, run.output
        assert "Traceback" not in run.output
        assert "could not be written" in run.output
        assert served.open_sessions() == {}
        (runs / "ballast").unlink()
        (folder,) = runs.iterdir()
        said = streamsoak("report", str(folder))
        assert said.returncode == 0, said.stderr
        assert verdict_of(folder, UNKNOWN) == "unknown"
        assert streamsoak("sweep", str(folder)).returncode == 0


def test_a_directory_that_takes_no_file(tmp_path: Path, sandbox: Sandboxes) -> None:
    """No run begins that could not be written down: one message names the option, and nothing is opened."""
    served = sandbox("--idle-range", "1:3599")
    options = ("--headless", "--host", served.url, "--scenario", str(CREW), "-t", "4s")
    run = subprocess.run(
        ["prlimit", "--fsize=1500", sys.executable, "-m", "locust", "-f", str(ROOT / "locustfile.py"), *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == UNAVAILABLE, run.stderr
    assert "--run-dir: a run cannot be written there" in run.stderr
    assert "Traceback" not in run.stderr
    assert served.open_sessions() == {}


def test_a_report_that_has_no_room(tmp_path: Path, dead_run: Path) -> None:
    """One message that names the file and what is wrong, and an exit code that is none of a verdict."""
    for size in ("0", "3000", "40000"):
        said = subprocess.run(
            ["prlimit", f"--fsize={size}", sys.executable, "-m", "loadtests.cli", "report", str(dead_run)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert said.returncode == UNAVAILABLE, said.stderr
        assert str(dead_run) in said.stderr
        assert "Traceback" not in said.stderr


def test_the_wall_clock_is_set_an_hour_ahead(tmp_path: Path) -> None:
    """Nobody is late by it, nobody is reaped by it, and each fate is what it would have been."""
    process = start_locust(
        tmp_path,
        *("--headless", "--sandbox", "--sandbox-log", "truth.jsonl", "--only-summary", "--observe", "5"),
        *("--scenario", str(SCENARIOS / "every-way.toml"), "-t", "6s"),
        locustfile=JUMPY,
    )
    finished = finish(process, tmp_path)
    assert finished.code in (0, 1, UNKNOWN), finished.output
    assert "Traceback" not in finished.output
    assert misjudged(finished) == {}
    assert finished.summary["duration"] < 60


def test_a_log_that_is_cut_at_every_byte_of_its_last_batch(tmp_path: Path) -> None:
    """Reports read all the batches before it."""
    recorder = Recorder(tmp_path, ["p"])
    for number in range(1, 4):
        recorder.append(
            Row(number, 0, number, "p", "leave", number, 0, 0, 0, 0, "none", "", "none", 0.0, f"way {number}")
        )
        recorder.flush()
    log = tmp_path / "events.arrow"
    before = log.stat().st_size
    recorder.append(Row(4, 0, 4, "p", "a kind of its own", 4, 0, 0, 0, 0, "none", "", "none", 0.0, "the last"))
    recorder.flush()
    whole = log.read_bytes()
    assert len(whole) > before
    for size in range(before, len(whole)):
        log.write_bytes(whole[:size])
        assert [row for batch in readable(log) for row in batch.column("t").to_pylist()] == [1, 2, 3], size
    log.write_bytes(whole)
    assert sum(batch.num_rows for batch in readable(log)) == 4


def test_a_log_that_lost_its_end_passes_nowhere(dead_run: Path) -> None:
    """However good what is left looks: what was cut off may have been what failed."""
    assert "cut off or damaged" not in streamsoak("check", str(dead_run)).stdout
    log = dead_run / "events.arrow"
    whole = log.read_bytes()
    for lost in (1, 500):
        log.write_bytes(whole[:-lost])
        said = streamsoak("check", str(dead_run))
        assert said.returncode != 0, lost
        assert "the event log is cut off or damaged (events.arrow" in said.stdout


def test_damage_anywhere_in_a_log_is_said(dead_run: Path, tmp_path: Path) -> None:
    """A flipped bit, a hole, a missing piece: with how much is missing; the run passes nowhere, also when it is checked again."""
    whole = (dead_run / "events.arrow").read_bytes()
    rows = sum(batch.num_rows for batch in readable(dead_run / "events.arrow"))
    early, middle, late = (int(len(whole) * where) for where in (0.2, 0.5, 0.9))
    flipped = (whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(early, early + 64))
    for number, damaged in enumerate(
        (
            next(log for log in flipped if _rows_of(log, tmp_path / "flipped") < rows),
            whole[:middle] + b"\xa5" * 200 + whole[middle + 200 :],
            whole[:late] + whole[late + 1000 :],
        )
    ):
        run = tmp_path / f"damaged-{number}"
        run.mkdir()
        shutil.copy(dead_run / "manifest.json", run)
        (run / "events.arrow").write_bytes(damaged)
        for command in ("check", "report", "check"):
            said = streamsoak(command, str(run))
            assert "Traceback" not in said.stderr
            text = " ".join(said.stdout.split())
            lost = r"the event log is cut off or damaged \(events.arrow: .* % of it could not be read\)"
            assert command == "report" or re.search(lost, text), text
        assert said.returncode != 0


def _rows_of(log: bytes, file: Path) -> int:
    """How many rows of a log can be read. A flipped bit in padding costs none."""
    file.write_bytes(log)
    return sum(batch.num_rows for batch in readable(file))


def test_two_reports_at_once(dead_run: Path, tmp_path: Path) -> None:
    """Neither disturbs the other, nor do checks beside them; a check writes nothing, and nothing temporary stays behind."""
    run = tmp_path / "run"
    run.mkdir()
    for name in ("manifest.json", "events.arrow"):
        shutil.copy(dead_run / name, run)
    before = sorted(path.name for path in run.iterdir())
    assert streamsoak("check", str(run)).returncode in (0, 1, UNKNOWN)
    assert sorted(path.name for path in run.iterdir()) == before
    commands = [
        [sys.executable, "-m", "loadtests.cli", name, str(run)] for name in ("report", "report", "check", "check")
    ]
    together = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for command in commands
    ]
    outputs = [process.communicate(timeout=120)[0] for process in together]
    assert not [output for output in outputs if "Traceback" in output or "cannot be read" in output]
    assert [process.returncode for process in together[:2]] == [0, 0]
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]
    assert (run / "report.html").exists()


def test_an_unswept_run_is_told_of(tmp_path: Path, sandbox: Sandboxes) -> None:
    """Whoever starts another beside it learns which, and how many sessions it left."""
    served = sandbox("--idle-range", "1:3599")
    with Crew(tmp_path) as crew:
        options = ("--headless", "--host", served.url, "--scenario", str(CREW), "--observe", "1")
        killed = crew.start("here", *options)
        wait_for(lambda: len(served.open_sessions()) >= 8, "sessions are open")
        killed.kill()
        folder = crew.run_folder("here")
        left = len(read_ledgers(folder.glob("ledger*.jsonl")).open)
        again = crew.start("here", *options, "-t", "1s")
        again.end()
        assert (
            f"An earlier run left {left} sessions open: streamsoak sweep {Path('runs') / folder.name}" in again.output
        )
