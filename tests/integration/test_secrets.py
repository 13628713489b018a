"""The API key after runs of every kind: searched for by its bytes in all that a run leaves, says and starts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from loadtests.recording.ledger import ledgers

from .conftest import FaultServer, Peer, Script
from .crew import CREW, Crew, free_port, processes, streamsoak, wait_for
from .locust_run import KEY, SCENARIOS

pytestmark = pytest.mark.faults

_BYTES = KEY.encode()
_SHORT = ("--headless", "--scenario", str(SCENARIOS / "every-way.toml"), "-u", "20", "-t", "3s", "--observe", "1")


class Watcher:
    """Looks at the processes of this machine while a run goes on: who has the key in its environment, or as an argument."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.reports = 0
        """Looks at a process that writes a report of this run's."""
        self.complaints: set[str] = set()

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    self._look_at((process / "cmdline").read_bytes(), (process / "environ").read_bytes())
                except OSError:
                    continue  # it has ended, or is not ours

    def _look_at(self, command: bytes, environment: bytes) -> None:
        if _BYTES in command:
            self.complaints.add(f"argument: {command.replace(_BYTES, b'KEY')!r}")
        if b"loadtests.cli\0report" in command and self._folder.encode() in command and environment:
            self.reports += 1
            if _BYTES in environment:
                self.complaints.add(f"environment: {command!r}")


def found_in(folder: Path) -> list[str]:
    """Everything below `folder` that holds the key, compressed or not."""
    found = [str(file) for file in folder.rglob("*") if file.is_file() and _BYTES in file.read_bytes()]
    with duckdb.connect() as database:
        for log in folder.rglob("events.parquet"):
            texts = database.execute(f"SELECT DISTINCT detail FROM '{log}' WHERE contains(detail, '{KEY}')").fetchall()
            found += [f"{log}: {text}" for text in texts]
    return found


def _parrot() -> Script:
    """An API that repeats whatever key it refuses."""

    def serve(peer: Peer) -> None:
        while request := peer.request():
            key = request.partition(b"Bearer ")[2].partition(b"\r\n")[0]
            peer.answer(b'{"code":400112,"message":"Unauthorized: unknown key %b"}' % key, 401)

    return serve


def _empty_list() -> Script:
    """An API that lists no sessions."""

    def serve(peer: Peer) -> None:
        while peer.request():
            peer.answer(b'{"code":100,"data":{"sessions":[]}}')

    return serve


@pytest.fixture
def late_parrot() -> Iterator[FaultServer]:
    """A parrot that lets the checks before a run pass: when Locust starts and when the run begins, two connections each."""
    server = FaultServer(*[_empty_list()] * 4, _parrot())
    yield server
    server.close()


@pytest.fixture
def parrot() -> Iterator[FaultServer]:
    """A server of that API."""
    server = FaultServer(_parrot())
    yield server
    server.close()


@pytest.mark.parametrize("kind", [pytest.param("local", marks=pytest.mark.thorough), "processes", "refused"])
def test_the_key_is_nowhere(kind: str, tmp_path: Path, late_parrot: FaultServer) -> None:
    """In no file, page or output, in no command line, and not in the environment of the process that writes the report."""
    target = ("--host", late_parrot.url) if kind == "refused" else ("--sandbox",)
    with Watcher(tmp_path / "here" / "runs") as watcher, Crew(tmp_path) as crew:
        several = processes(2) if kind == "processes" else ()
        run = crew.start("here", *_SHORT, *target, *several, "--run-dir", str(tmp_path / "here" / "runs"))
        run.end()
    folder = crew.run_folder("here")
    # What a user starts has the user's environment; it must not say the key either.
    for subcommand in ("check", "sweep"):
        said = streamsoak(subcommand, str(folder))
        assert KEY not in said.stdout + said.stderr
    assert (folder / "report.html").exists(), run.output
    assert watcher.reports > 0
    assert watcher.complaints == set()
    assert found_in(tmp_path) == []


def test_an_unreachable_api_is_not_told_the_key(tmp_path: Path) -> None:
    """Nor is anybody else: the run does not begin, within seconds."""
    with Crew(tmp_path) as crew:
        run = crew.start("here", *_SHORT, "--host", f"http://127.0.0.1:{free_port()}")
        assert run.end() == 69, run.output
    assert "the connection is refused" in run.output
    assert not list((tmp_path / "here").glob("runs/*"))
    assert found_in(tmp_path) == []


def test_a_key_that_the_api_repeats_is_not_written_down(
    tmp_path: Path, parrot: FaultServer, late_parrot: FaultServer
) -> None:
    """Neither before a run on an account that costs money, where the list is refused, nor by a sweep."""
    with Crew(tmp_path) as crew:
        consent = ("--rehearse-guards", "--max-open", "3", "--allow-leaks")
        run = crew.start("here", *_SHORT, "--host", parrot.url, *consent)
        assert run.end() == 64, run.output
        assert "KONPRO_API_KEY: was rejected" in run.output
        assert "[the key]" in run.output
        killed = crew.start("killed", "--headless", "--scenario", str(CREW), "--host", late_parrot.url)
        killed.wait_until_said("Run runs/")
        wait_for(
            lambda: any(path.stat().st_size for path in ledgers(crew.run_folder("killed"))), "sessions are asked for"
        )
        killed.kill()
        swept = streamsoak("sweep", str(crew.run_folder("killed")))
        assert swept.returncode == 64
        assert "[the key]" in swept.stderr
        assert KEY not in swept.stdout + swept.stderr
    assert found_in(tmp_path) == []
