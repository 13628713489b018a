"""Shows the progress of a run on standard error: on a terminal some lines that are redrawn each second, in a log one line a
minute.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from loadtests.model.gates.counts import Counts, together
from loadtests.model.session.ending import DrainPhase, DrainStep
from loadtests.model.session.session import Holder
from loadtests.model.text.units import format_clock, format_duration
from loadtests.model.text.wording import count
from loadtests.plugin.recent_delays import RecentDelays
from loadtests.plugin.screen import Screen, is_terminal
from loadtests.run.drain import bound
from loadtests.run.run import Run
from loadtests.run.snapshot import ProcessSnapshot

_FIRST_SECONDS = 10.0
"""Of the run, when a log gets its first line."""
_LOG_SECONDS = 60.0
"""Between two lines in a log."""
_BAR = 20
"""Characters."""
_HOLDERS = [holder.value for holder in Holder if holder not in (Holder.NONE, Holder.OTHERS)]
_DELAY_SECONDS = 0.1
"""Delays of the load generator up to this are not worth a word."""


class Progress:
    """Shows `run` until `close`. While the run drains a log gets no lines from here: the drain logs each phase itself."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._screen = Screen(sys.stderr) if is_terminal(sys.stderr) else None
        self._next = _FIRST_SECONDS
        self._delays = RecentDelays()
        run.each_second(self._show)

    def drain(self) -> None:
        """Shows at once that the load is over: until the next second the time that was left would stand there."""
        if self._screen:
            snapshots = self._run.snapshots()
            state = state_lines(snapshots, self._run.settings.limit, self._delays)
            self._screen.draw([drain_line(snapshots, self._run.now()), *state])

    def close(self) -> None:
        """Shows nothing any more."""
        if self._screen:
            self._screen.close()
            self._screen = None
        self._next = math.inf

    def _show(self, snapshots: list[ProcessSnapshot]) -> None:
        self._delays.add(snapshots)
        now, settings, is_draining = self._run.now(), self._run.settings, self._run.process.ending
        if self._screen:
            self._screen.draw(
                [
                    drain_line(snapshots, now) if is_draining else time_line(now, settings.duration, self._run.stage),
                    *state_lines(snapshots, settings.limit, self._delays),
                ]
            )
            self._delays.begin_again()
        elif now >= self._next and not is_draining:
            print(
                load_line(snapshots, now, settings.limit, self._delays, settings.duration), file=sys.stderr, flush=True
            )
            # Half a second less, since the engine's seconds and ours differ a little.
            self._next = now + _LOG_SECONDS - 0.5
            self._delays.begin_again()


def time_line(now: float, duration: float | None, stage: str) -> str:
    """What runs, since when, and for how long still, with a bar."""
    name = f"stage {stage}  " if stage else ""
    if not duration:
        return f"{name}{format_clock(now)}, until it is stopped"
    done = round(_BAR * min(1.0, now / duration))
    return f"{name}[{'#' * done}{'.' * (_BAR - done)}]  {_clock(now, duration)}"


def state_lines(snapshots: Sequence[ProcessSnapshot], limit: int | None, delays: RecentDelays) -> Iterator[str]:
    """Who holds the slots; what the API refused; keep-alives and the load generator; what is wrong, if anything is."""
    held = sum(snapshot.held for snapshot in snapshots)
    holders = Counter[str]()
    for snapshot in snapshots:
        for by_holder in snapshot.sessions.values():
            holders.update(by_holder)
    names = "  ".join(f"{name} {holders[name]:,}" for name in _HOLDERS if holders[name])
    yield f"sessions {held:,}" + (f" of {limit:,}" if limit else "") + (f":  {names}" if names else "")
    counts = together(snapshot.counts for snapshot in snapshots)
    leaks, requests = (sum(getattr(snapshot, name) for snapshot in snapshots) for name in ("leaks", "requests"))
    yield f"hits {counts.hits:,}  leaks outstanding {leaks:,}  requests {requests:,}"
    margins = [snapshot.margin_p1 for snapshot in snapshots if snapshot.margin_p1 is not None]
    margin = format_duration(min(margins)) if margins else "–"
    yield f"keep-alive margin p1 {margin}  lateness p99 {delays.lateness}"
    if wrong := list(_problems(counts, sum(snapshot.lost_events for snapshot in snapshots))):
        yield f"found so far: {', '.join(wrong)}"


def _problems(counts: Counts, lost_events: int) -> Iterator[str]:
    if counts.lost_to_idle:
        yield f"{count(counts.lost_to_idle, 'session')} lost to idleness"
    if counts.keep_alives_failed:
        yield f"{count(counts.keep_alives_failed, 'keep-alive')} failed"
    if counts.longest_stall > _DELAY_SECONDS:
        yield f"the load generator stalled for up to {format_duration(counts.longest_stall)}"
    if lost_events:
        yield f"{count(lost_events, 'event')} not written"


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
        _clock(now, duration) if duration else format_clock(now),
        f"sessions {held:,}" + (f"/{limit:,}" if limit else ""),
        f"hits {sum(snapshot.hits for snapshot in snapshots):,}",
        f"leaks outstanding {sum(snapshot.leaks for snapshot in snapshots):,}",
        f"requests {sum(snapshot.requests for snapshot in snapshots):,}",
        f"lateness p99 {delays.lateness}",
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


def _clock(now: float, duration: float) -> str:
    left = duration - now
    if left < 0.5:
        return f"{format_clock(duration)} of {format_clock(duration)}, stopping"
    return f"{format_clock(now)} of {format_clock(duration)}, {format_duration(round(left))} left"
