"""An audit: any program against the sandbox, which writes down what the program does with its sessions."""

from __future__ import annotations

import contextlib
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.audit.program import Program, check_command
from loadtests.defects.defect import Injected
from loadtests.model.run.manifest import Manifest
from loadtests.model.text.units import format_duration
from loadtests.recording.run_directory import new_folder, software_versions, write_manifest
from loadtests.sandbox.process import SandboxProcess

_TOLERANCE_SECONDS = 1.0
_LOOK_SECONDS = 0.25
_SLACK_SECONDS = 0.1

Say = Callable[[str], None]


@dataclass(frozen=True)
class AuditSettings:
    """What an audit is to be."""

    command: tuple[str, ...] = field(repr=False)
    """Never written down: people put keys into command lines."""
    runs: Path
    """Where the audit gets its directory."""
    limit: int | None
    idle_range: str
    defects: tuple[Injected, ...]
    """Of the sandbox."""
    seed: int
    quick: bool
    """Do not watch what is left open until it is due."""

    def options(self, folder: Path, zero: float) -> list[str]:
        """The sandbox's."""
        options = [f"--idle-range={self.idle_range}", f"--journal={folder}", f"--zero={zero!r}", f"--seed={self.seed}"]
        options += [f"--defect={defect}" for defect in self.defects]
        return [*options, f"--limit={self.limit}"] if self.limit is not None else options


def carry_out(orders: AuditSettings, say: Say) -> Path:
    """Run the program against a sandbox of its own; the directory with what it did. Raises InputError."""
    check_command(orders.command)
    folder = new_folder(orders.runs, "audit")
    zero, key = time.monotonic(), secrets.token_urlsafe(24)
    manifest = _manifest(orders, folder)
    write_manifest(folder, manifest)
    sandbox = SandboxProcess(orders.options(folder, zero), {"KONPRO_API_KEY": key})
    with contextlib.closing(sandbox), _interruptible():
        say(f"The sandbox is {sandbox.url}; your program runs.")
        reason = _run(orders.command, {"KONPRO_BASE_URL": sandbox.url, "KONPRO_API_KEY": key})
        load_ended = time.monotonic() - zero
        say(f"Your program {reason}.")
        if not orders.quick:
            with contextlib.suppress(KeyboardInterrupt):
                _watch(sandbox, say)
    done = {"host": sandbox.url, "load_ended": load_ended, "ended": time.monotonic() - zero}
    write_manifest(folder, manifest.model_copy(update={**done, "end_reason": f"the program {reason}"}))
    return folder


def _run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    program = Program(command, environment)
    try:
        return _say_end(program.wait())
    except KeyboardInterrupt:
        return f"was interrupted, and {_say_end(program.end())}"


def _say_end(code: int) -> str:
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _watch(sandbox: SandboxProcess, say: Say) -> None:
    """Wait until nothing is open, or what is open now is due."""
    left = sandbox.open_sessions()
    # What a defect keeps open for ever is not waited for.
    longest = max((seconds for seconds in left.values() if seconds is not None), default=None)
    if longest is None:
        return
    say(f"Still open: {len(left)}; watching until the last is due, in {format_duration(longest)} (Ctrl-C: no longer).")
    until = time.monotonic() + longest + _SLACK_SECONDS
    while left and time.monotonic() < until:
        time.sleep(max(0.0, min(_LOOK_SECONDS, until - time.monotonic())))
        left = sandbox.open_sessions()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGINT or SIGTERM to us ends the program, and not the audit: what was seen until then is judged.

    A shell that starts us in the background has us ignore the first, and our program with us: a handler undoes both.
    """
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _manifest(orders: AuditSettings, folder: Path) -> Manifest:
    return Manifest(
        run=folder.name,
        host="127.0.0.1",
        sandbox=True,
        audit=True,
        started_unix=time.time(),
        seed=orders.seed,
        defects_injected=tuple(map(str, orders.defects)),
        limit=orders.limit,
        observe=0.0,
        poll=0.0,
        tolerance=_TOLERANCE_SECONDS,
        people={},
        scenario=None,
        software=software_versions(),
    )
