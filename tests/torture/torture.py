"""One run whose processes are killed at a moment that the seed chooses, and what it came to."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.model.run.manifest import SPOOL
from loadtests.recording.ledger import read_ledgers
from loadtests.sandbox.process import SandboxProcess
from tests.integration.crew import HASTY, MASTER_HOST, SANDBOX_HOST, Crew, Process, streamsoak, summary, wait_for
from tests.integration.locust_run import truth
from tests.integration.relay import Relay

VICTIMS = ("worker", "master", "everything")
LOAD_SECONDS = 6
_LATEST_SECONDS = 8.0
"""After the beginning: the end of the run is among the moments at which it may be killed."""


@dataclass
class Figures:
    """What must be 0, each with what it is about."""

    left_open: list[str] = field(default_factory=list)
    """Sessions with a known id that the API still has after the sweep."""
    lost: list[str] = field(default_factory=list)
    """Files of which the master does not have what it gave a receipt for."""
    false_passes: list[str] = field(default_factory=list)
    acknowledged: int = 0
    """Bytes, all together: how much could have been lost."""
    opened: int = 0
    """Sessions that could have been left open."""

    def add(self, other: Figures) -> None:
        """Add up."""
        self.left_open += other.left_open
        self.lost += other.lost
        self.false_passes += other.false_passes
        self.acknowledged += other.acknowledged
        self.opened += other.opened

    def __str__(self) -> str:
        return (
            f"sessions with a known id left open after sweep: {len(self.left_open)};"
            f" acknowledged events lost: {len(self.lost)}; false passes: {len(self.false_passes)}"
        )

    @property
    def basis(self) -> str:
        """What they rest on."""
        return f"{self.opened} sessions opened, {self.acknowledged} bytes acknowledged"


def torture(victim: str, seed: int, folder: Path) -> Figures:
    """A run in `folder`, of which `victim` is killed with -9; then a sweep, and one more."""
    moment = random.Random(f"{victim} {seed}").uniform(0, _LATEST_SECONDS)
    log = folder / "truth.jsonl"
    sandbox = SandboxProcess(["--host", SANDBOX_HOST, "--idle-range", "1:3599", "--log", str(log)])
    try:
        with Crew(folder, HASTY) as crew, Relay((MASTER_HOST, crew.port)) as relay:
            master = crew.master(sandbox.url, "-t", f"{LOAD_SECONDS}s", "--seed", str(seed))
            workers = [crew.worker(name, "--master-host", relay.host, port=relay.port) for name in ("one", "two")]
            wait_for(lambda: "loadtests.plugin.master: Run " in master.output, "the run begins")
            time.sleep(moment)
            _kill(victim, master, workers)
            passed = _has_passed(crew, victim, master, workers)
            _sweep(crew)
            is_whole = passed and summary(crew.run_folder())["sessions"]["opened"] == len(truth(log))
            return Figures(
                left_open=sorted(_known(crew) & sandbox.open_sessions().keys()),
                lost=sorted(_lost(crew, relay)),
                # Killed when it had told everything, it has taken nothing with it: such a run may pass.
                false_passes=[f"{victim} {seed}"] if passed and not is_whole else [],
                acknowledged=sum(relay.receipts().values()),
                opened=len(truth(log)),
            )
    finally:
        sandbox.close()


def _kill(victim: str, master: Process, workers: list[Process]) -> None:
    victims = {"worker": workers[:1], "master": [master], "everything": [master, *workers]}[victim]
    for process in victims:
        process.process.kill()


def _has_passed(crew: Crew, victim: str, master: Process, workers: list[Process]) -> bool:
    """Whether the run says that it passed, once all that was not killed has ended."""
    for process in (*workers, master):
        process.end()
    if victim == "worker":
        return master.process.returncode == 0
    folder = crew.run_folder()
    for spool in crew.folder.glob(f"*/runs/*/{SPOOL}/*"):
        # What an operator of several machines would do, as the docs say.
        (folder / SPOOL).mkdir(exist_ok=True)
        shutil.copy2(spool, folder / SPOOL)
    return streamsoak("check", str(folder)).returncode == 0


def _sweep(crew: Crew) -> None:
    for folder in crew.folder.glob("*/runs/*"):
        for _ in range(2):
            swept = streamsoak("sweep", str(folder))
            assert swept.returncode in (0, 2), swept.stdout + swept.stderr
            assert "Traceback" not in swept.stderr


def _known(crew: Crew) -> set[str]:
    """Ids that any process of the run ever wrote down."""
    return {session_id for path in crew.ledgers() for session_id in read_ledgers([path]).ids}


def _lost(crew: Crew, relay: Relay) -> Iterator[str]:
    folder = crew.run_folder()
    for name, length in relay.receipts().items():
        copy = (folder / name).read_bytes() if (folder / name).exists() else b""
        spooled = [path.read_bytes() for path in crew.folder.glob(f"*/runs/*/{SPOOL}/{name}")]
        if len(copy) < length or any(not whole.startswith(copy[:length]) for whole in spooled):
            yield f"{name}: {len(copy)} of {length} bytes"


def said(victim: str, seed: int, figures: Figures) -> str:
    """A line about one run, for whoever looks for the reason."""
    faults = [*figures.left_open, *figures.lost, *figures.false_passes]
    return f"{victim} {seed}: {figures} ({'; '.join(faults) or figures.basis})"
