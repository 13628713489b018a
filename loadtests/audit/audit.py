"""Runs a program against a sandbox that records what the program does with its sessions."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.audit.interception import intercepted
from loadtests.audit.keys import AuditKeys
from loadtests.audit.leftovers import Leftovers, await_leftovers, own_processes
from loadtests.audit.program import Program, check_command
from loadtests.defects.defect import Injected
from loadtests.interception.environment import exempting
from loadtests.interception.policy import Policy
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.run.manifest import Manifest
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, verb, were
from loadtests.recording.run_directory import new_folder, software_versions, write_manifest
from loadtests.sandbox.process import SandboxProcess

ADDRESS_VARIABLES = ("STREAMSOAK_BASE_URL", "KONPRO_BASE_URL")
"""Variables in which the program finds the sandbox's address."""
_TOLERANCE_SECONDS = 1.0
_POLL_SECONDS = 0.25
_SLACK_SECONDS = 0.1

Output = Callable[[str], None]
"""Prints a line for the user."""


@dataclass(frozen=True)
class AuditSettings:
    """The settings of an audit."""

    command: tuple[str, ...] = field(repr=False)
    """Never recorded: command lines may contain keys."""
    runs: Path
    """Parent of the audit's directory."""
    limit: int | None
    idle_range: str | None
    defects: tuple[Injected, ...]
    """Injected into the sandbox."""
    seed: int
    quick: bool
    """Do not wait for the API to reap what is left open."""
    api: ApiDescription
    """The API that the program uses."""
    wait: float
    """Seconds without a call after which processes that the program left running are stopped."""
    intercepts: Policy | None = None
    """The address that the program has, and the other hosts that it may reach; None: it reads its address from a variable."""
    shows_browser_args: bool = False
    """Print the flags for Chromium."""

    def options(self, folder: Path, zero: float) -> list[str]:
        """Returns the sandbox's command-line options; `zero` is the monotonic time at which the audit began."""
        options = [f"--journal={folder}", f"--zero={zero!r}", f"--seed={self.seed}"]
        options += [f"--idle-range={self.idle_range}"] if self.idle_range is not None else []
        options += [] if self.api == default_api() else [f"--api={self.api.model_dump_json()}"]
        options += [f"--defect={defect}" for defect in self.defects]
        return [*options, f"--limit={self.limit}"] if self.limit is not None else options


@dataclass(frozen=True)
class Audited:
    """What came of an audit."""

    folder: Path
    """The audit's directory."""
    code: int
    """Exit code of the program, negative for a signal."""


def run_audit(settings: AuditSettings, output: Output) -> Audited:
    """Runs the program against a new sandbox. Raises InputError."""
    check_command(settings.command)
    folder = new_folder(settings.runs, "audit")
    zero = time.monotonic()
    manifest = _manifest(settings, folder)
    write_manifest(folder, manifest)
    keys = AuditKeys.of(settings.api, is_hard_coded=settings.intercepts is not None)
    sandbox = SandboxProcess(settings.options(folder, zero), keys.of_sandbox)
    with contextlib.closing(sandbox), _interruptible(), _network(settings, sandbox.url, output) as network:
        output(f"Sandbox at {sandbox.url}; running the program.")
        own = own_processes()
        variables = {**dict.fromkeys(ADDRESS_VARIABLES, sandbox.url), **keys.of_program, **network}
        program = Program(settings.command, variables)
        code, reason, was_interrupted = _await_end(program)
        output(f"The program {reason}.")
        left = Leftovers(keys.key, program.group, own)
        stopped = left.stop() if was_interrupted else await_leftovers(left, sandbox, settings.wait, output)
        if stopped:
            was_stopped = (
                f"{were(stopped, 'process', 'processes')} still running and {verb(stopped, 'was', 'were')} stopped"
            )
            output(f"{was_stopped}.")
            reason = f"{reason}; {was_stopped}"
        load_ended = time.monotonic() - zero
        if not settings.quick:
            with contextlib.suppress(KeyboardInterrupt):
                _await_reaping(sandbox, output)
    done = {"host": sandbox.url, "load_ended": load_ended, "ended": time.monotonic() - zero}
    write_manifest(folder, manifest.model_copy(update={**done, "end_reason": f"the program {reason}"}))
    return Audited(folder, code)


def _network(
    settings: AuditSettings, sandbox: str, output: Output
) -> contextlib.AbstractContextManager[dict[str, str]]:
    """The program's variables for proxies and certificates."""
    if settings.intercepts is None:
        return contextlib.nullcontext(exempting(sandbox, os.environ))
    return intercepted(settings.intercepts, sandbox, output, shows_browser_args=settings.shows_browser_args)


def _await_end(program: Program) -> tuple[int, str, bool]:
    """Returns exit code, how it ended, and whether an interrupt ended it."""
    try:
        code = program.wait()
    except KeyboardInterrupt:
        # Whoever interrupts a program has seen enough of it; its exit code then says nothing.
        return 0, f"was interrupted, and {_describe_end(program.end())}", True
    return code, _describe_end(code), False


def _describe_end(code: int) -> str:
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _await_reaping(sandbox: SandboxProcess, output: Output) -> None:
    """Waits until no session is open, or until those that are open now are due."""
    left = sandbox.open_sessions()
    # Sessions that a defect keeps open forever (None) are not waited for.
    longest = max((seconds for seconds in left.values() if seconds is not None), default=None)
    if longest is None:
        return
    still_open = f"{count(len(left), 'session')} {verb(len(left), 'is', 'are')} still open"
    them = verb(len(left), "it", "them")
    output(f"{still_open}: waiting up to {format_duration(longest)} for the API to reap {them} (Ctrl-C to skip).")
    until = time.monotonic() + longest + _SLACK_SECONDS
    while left and time.monotonic() < until:
        time.sleep(max(0.0, min(_POLL_SECONDS, until - time.monotonic())))
        left = sandbox.open_sessions()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Turns SIGINT and SIGTERM into KeyboardInterrupt: they end the program, and the audit judges what it saw until then.

    A shell that starts us in the background makes us and the program ignore SIGINT; installing a handler reverts that.
    """
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _manifest(settings: AuditSettings, folder: Path) -> Manifest:
    return Manifest(
        run=folder.name,
        host="127.0.0.1",
        sandbox=True,
        audit=True,
        intercepted=settings.intercepts.api.url if settings.intercepts else "",
        started_unix=time.time(),
        seed=settings.seed,
        defects_injected=tuple(map(str, settings.defects)),
        limit=settings.limit,
        observe=0.0,
        poll=0.0,
        tolerance=_TOLERANCE_SECONDS,
        people={},
        api=settings.api,
        scenario=None,
        software=software_versions(),
    )
