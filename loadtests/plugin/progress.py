"""Prints the progress of a run on standard error: every two seconds on a terminal, once a minute in a log."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from loadtests.model.session.ending import DrainPhase, DrainStep
from loadtests.model.text.units import format_clock, format_duration
from loadtests.model.text.wording import count
from loadtests.run.drain import bound
from loadtests.run.run import Run
from loadtests.run.snapshot import ProcessSnapshot

_TERMINAL_SECONDS = 2.0
_LOG_SECONDS = 60.0
_DELAY_SECONDS = 0.1
"""Delays of the load generator up to this are not worth a word."""


@dataclass
class RecentDelays:
    """The worst delays since the last line, in seconds."""

    lateness: float | None = None
    """p99 of the lateness of requests; None: there were no requests."""
    loop: float = 0.0
    """Of the engine's loop."""

    def add(self, snapshots: Sequence[ProcessSnapshot]) -> None:
        """Include one second of each process."""
        lateness = [self.lateness, *(snapshot.lateness_p99 for snapshot in snapshots)]
        self.lateness = max((value for value in lateness if value is not None), default=None)
        self.loop = max([self.loop, *(snapshot.worst_delay for snapshot in snapshots)])


class Progress:
    """Prints lines until `run` is sealed. While the run drains a log gets none of them: the drain logs each phase itself."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._is_terminal = sys.stderr.isatty()
        self._interval = _TERMINAL_SECONDS if self._is_terminal else _LOG_SECONDS
        self._next = self._interval
        self._delays = RecentDelays()
        run.each_second(self._print)

    def _print(self, snapshots: list[ProcessSnapshot]) -> None:
        self._delays.add(snapshots)
        now, settings, is_draining = self._run.now(), self._run.settings, self._run.process.ending
        if now < self._next or (is_draining and not self._is_terminal):
            return
        if is_draining:
            text = drain_line(snapshots, now)
        else:
            text = load_line(snapshots, now, settings.limit, self._delays, settings.duration)
        print(text, file=sys.stderr, flush=True)
        # Half a second less, since the engine's seconds and ours differ a little.
        self._next, self._delays = now + self._interval - 0.5, RecentDelays()


def load_line(
    snapshots: Sequence[ProcessSnapshot],
    now: float,
    limit: int | None,
    delays: RecentDelays,
    duration: float | None,
) -> str:
    """One line about a run under load. `now` and the load's `duration` are in seconds of the run."""
    held = sum(snapshot.held for snapshot in snapshots)
    parts = [
        format_clock(now) + (_remaining(now, duration) if duration else ""),
        f"sessions {held:,}" + (f"/{limit:,}" if limit else ""),
        f"hits {sum(snapshot.hits for snapshot in snapshots):,}",
        f"leaks outstanding {sum(snapshot.leaks for snapshot in snapshots):,}",
        f"requests {sum(snapshot.requests for snapshot in snapshots):,}",
        "lateness p99 " + (f"{delays.lateness * 1000:.0f} ms" if delays.lateness is not None else "–"),
    ]
    if delays.loop > _DELAY_SECONDS:
        parts.append(f"load generator late by up to {delays.loop:.1f} s")
    return "  ".join(parts)


def drain_line(snapshots: Sequence[ProcessSnapshot], now: float) -> str:
    """One line about a run whose load is over: what it does, what it waits for, and for how long at most."""
    phase = _slowest_phase(snapshots)
    if phase is None:
        held = sum(snapshot.held for snapshot in snapshots)
        return f"{format_clock(now)}  draining: {count(held, 'session')} open"
    seconds, clock = bound(phase, now)
    return f"{format_clock(now)}  draining: {phase}, at most {seconds} (until {clock})"


def _slowest_phase(snapshots: Sequence[ProcessSnapshot]) -> DrainPhase | None:
    """The earliest phase that a process is in, with the sessions of all processes in it."""
    phases = [(snapshot.drain_phase, snapshot) for snapshot in snapshots if snapshot.drain_phase]
    if not phases:
        return None
    order = list(DrainStep)
    first = min((phase for phase, _ in phases), key=lambda phase: order.index(phase.step))
    same = [(phase, snapshot) for phase, snapshot in phases if phase.step is first.step]
    is_leaks = first.step is DrainStep.LEAKS
    return replace(
        first,
        sessions=sum(snapshot.leaks if is_leaks else snapshot.held for _, snapshot in same),
        until=max(phase.until for phase, _ in same),
    )


def _remaining(now: float, duration: float) -> str:
    left = duration - now
    if left < 0.5:
        return f" of {format_clock(duration)}, stopping"
    return f" of {format_clock(duration)}, {format_duration(round(left))} left"
