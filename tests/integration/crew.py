"""A master and its workers as processes of their own, in directories of their own, against a sandbox that outlives them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from loadtests.sandbox.process import SandboxProcess
from tests.unit.test_cli import streamsoak as in_this_process

from .locust_run import KEY, ROOT, SCENARIOS

HASTY = Path(__file__).parent / "locustfiles" / "hasty.py"
CREW = SCENARIOS / "crew.toml"
MASTER_HOST = "127.0.0.2"
SANDBOX_HOST = "127.0.0.3"
LONGEST_SECONDS = 120.0


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nobody listens now: Locust's own default is everybody's."""
    with socket.create_server((host, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def processes(number: int) -> tuple[str, ...]:
    """Locust's options for that many worker processes, on a port of their own."""
    port = str(free_port())
    return ("--processes", str(number), "--master-port", port, "--master-bind-port", port)


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Wait until `condition` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


@dataclass
class Process:
    """One Locust process; what it says is in a file."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """All that it has said."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_until_said(self, *texts: str) -> None:
        """Wait until it has said one of these."""

        def is_said() -> bool:
            ended = self.process.poll() is not None
            said = any(text in self.output for text in texts)
            assert said or not ended, self.output
            return said

        wait_for(is_said, texts[0])

    def send(self, number: signal.Signals) -> None:
        """A signal, to this process alone."""
        self.process.send_signal(number)

    def end(self, seconds: float = LONGEST_SECONDS) -> int:
        """Wait for its end; its exit code."""
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end: {self.output}") from None

    def kill(self) -> None:
        """End it and all that it has started, now."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Crew:
    """Processes of one run, below `folder`; killed at the end of `with`. `prefix`: a command that each is run by."""

    folder: Path
    locustfile: Path = ROOT / "locustfile.py"
    master_host: str = MASTER_HOST
    port: int = field(default_factory=lambda: free_port(MASTER_HOST))
    everybody: list[Process] = field(default_factory=list)

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self.everybody:
            one.kill()

    def master(self, host: str, *options: str, workers: int = 2, scenario: Path = CREW, **how: Any) -> Process:
        """The master, headless; `host`: of the API."""
        bind = ("--master-bind-host", self.master_host, "--master-bind-port", str(self.port))
        what = ("--master", "--headless", "--only-summary", "--expect-workers", str(workers), "--host", host)
        return self.start("master", *what, *bind, "--scenario", str(scenario), *options, **how)

    def worker(self, name: str, *options: str, port: int | None = None, **how: Any) -> Process:
        """A worker in a directory of its own."""
        where = ("--master-host", self.master_host, "--master-port", str(port or self.port))
        return self.start(name, "--worker", *where, *options, **how)

    def start(
        self,
        name: str,
        *options: str,
        key: str | None = KEY,
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Process:
        """Any Locust process, in the directory `name`."""
        cwd = self.folder / name
        cwd.mkdir(exist_ok=True)
        known = {**os.environ, "COLUMNS": "200", **(environment or {})}
        known.pop("KONPRO_API_KEY", None)
        if key is not None:
            known["KONPRO_API_KEY"] = key
        log = cwd / "output.txt"
        with log.open("ab") as file:
            process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "locust", "-f", str(self.locustfile), *options],
                cwd=cwd,
                env=known,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = Process(process, log)
        self.everybody.append(started)
        return started

    def run_folder(self, name: str = "master") -> Path:
        """The run's directory in that process's."""
        folders = list((self.folder / name / "runs").glob("*"))
        assert len(folders) == 1, folders
        return folders[0]

    def ledgers(self) -> Iterator[Path]:
        """Every ledger of every process, spooled or shipped."""
        yield from self.folder.glob("*/runs/*/**/ledger*.jsonl")


def summary(folder: Path) -> dict[str, Any]:
    """A run's summary.json."""
    loaded: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return loaded


def manifest(folder: Path) -> dict[str, Any]:
    """A run's manifest.json."""
    loaded: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return loaded


def streamsoak(*arguments: str, key: str = KEY, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A subcommand with this key, in this process if it may: starting one takes longer than most subcommands take."""
    variables = {"KONPRO_API_KEY": key, "COLUMNS": "200"}
    if arguments[0] in _IMPORT_LOCUST:
        command = [sys.executable, "-m", "loadtests.cli", *arguments]
        environment = {**os.environ, **variables}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_SECONDS, cwd=cwd, env=environment, check=False
        )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        return in_this_process(*arguments, folder=cwd)


_IMPORT_LOCUST = ("run", "completion")
"""Subcommands that would let gevent patch the tests' process, or replace it."""


def children(pid: int) -> list[int]:
    """Process ids of the children of a process."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in found.split()]


def is_running(pid: int) -> bool:
    """Whether a process runs. One that has ended and that nobody waits for, as an orphan in some containers, does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def opened_at(sandbox: SandboxProcess) -> int:
    """How many sessions are open at the sandbox now."""
    return len(sandbox.open_sessions())
