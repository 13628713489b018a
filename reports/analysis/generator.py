"""Checks whether a run can be trusted: how late the load generator was, and whether the log is complete."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd

from loadtests.model.api.answer import Reason
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count
from reports.analysis.percentiles import Percentiles
from reports.analysis.timings import CallTimings, Timing
from reports.analysis.workers import clock_error, departures
from reports.log.log import EventLog
from reports.log.time_columns import column_seconds

WORST_P99_SECONDS = 0.25
"""A loop delay above this in one of a hundred requests taints the run."""


# Per process, then summed: a process that started later or was lost counts with its last value.
_MEMORY = """
SELECT sum(first)::BIGINT AS first, sum(last)::BIGINT AS last, sum(peak)::BIGINT AS peak FROM (
    SELECT arg_min(value, t) AS first, arg_max(value, t) AS last, max(value) AS peak
    FROM events WHERE kind = 'memory' GROUP BY worker
)
"""

_UNSENT = f"SELECT count(*) AS n FROM events WHERE outcome <> 'ok' AND reason = '{Reason.OUT_OF_RESOURCES}'"


@dataclass(frozen=True)
class MemoryUse:
    """Memory of all load processes together, in bytes; None where it was not recorded, as in virtual time."""

    first: int | None
    """At the start of the run."""
    last: int | None
    """At the end of the run."""
    peak: int | None
    """Maximum of the samples, one a minute."""

    def as_dict(self) -> dict[str, int | None]:
        """Returns the values by name."""
        return asdict(self)


@dataclass(frozen=True)
class GeneratorHealth:
    """The generator's health."""

    loop_delay: Percentiles
    """Of each request: first byte − intended, without the wait for a connection. The generator's own delay."""
    connection_wait: Percentiles
    """The rest of the lateness: a slow API, or a pool that is too small."""
    longest_stall: float
    """Longest time for which the engine's loop stalled, in seconds."""
    requests: int
    rate: float
    """Requests a second over the load."""
    delays: pd.DataFrame
    """Columns t, delay: the longest delay of the loop in each column of the chart."""
    memory: MemoryUse
    doubts: list[str]
    """Reasons why the run's figures cannot be trusted; empty if they can."""


def build_generator(log: EventLog, timings: CallTimings, log_end: float) -> GeneratorHealth:
    """Computes the generator's health from the events and the timings of calls."""
    delay, wait = timings.of_all[Timing.LOOP_DELAY], timings.of_all[Timing.CONNECTION_WAIT]
    stall = log.row("SELECT max(value) AS v FROM events WHERE kind = 'loop'")["v"] or 0.0
    delays = log.frame(
        "SELECT floor(t / 1e9 / $width) * $width AS t, max(value) AS delay FROM events WHERE kind = 'loop' GROUP BY 1 ORDER BY 1",
        width=max(column_seconds(log_end), 1.0),
    )
    span = log.manifest.load_ended or log_end
    doubts = _doubts(log, delay, float(stall))
    return GeneratorHealth(
        delay, wait, float(stall), delay.n, delay.n / span if span else 0.0, delays, _build_memory(log), doubts
    )


def _build_memory(log: EventLog) -> MemoryUse:
    """Computes the figures from the events."""
    return MemoryUse(**log.row(_MEMORY))


def _doubts(log: EventLog, delay: Percentiles, stall: float) -> list[str]:
    manifest = log.manifest
    doubts = []
    if manifest.ended is None and not manifest.recording:
        # A report on a recording is mostly made while it goes on.
        doubts.append("the run was cut off before its end")
    if not delay.n:
        doubts.append("no request was sent")
    if delay.p99 is not None and delay.p99 > WORST_P99_SECONDS:
        doubts.append(f"the generator delayed one request in a hundred by more than {format_duration(delay.p99)}")
    if stall > manifest.tolerance:
        doubts.append(
            f"the load generator stalled for {format_duration(stall)} (tolerance {format_duration(manifest.tolerance)})"
        )
    doubts += map(str, departures(log))
    if (error := clock_error(log)) > manifest.tolerance / 2:
        doubts.append(
            f"the workers' clocks may be off by {format_duration(error)} (tolerance {format_duration(manifest.tolerance)})"
        )
    return doubts + _losses(log)


def _losses(log: EventLog) -> list[str]:
    """Returns what the run reported as lost, or what is missing."""
    manifest = log.manifest
    doubts = []
    if manifest.left_open:
        doubts.append(f"{count(manifest.left_open, 'session')} could not be closed at the end")
    if manifest.lost_events:
        doubts.append(f"{count(manifest.lost_events, 'event')} could not be written")
    if manifest.cut_workers:
        doubts.append(
            f"the log of {count(manifest.cut_workers, 'worker')} is incomplete; see the spool directory of the worker's machine"
        )
    if log.cut and not manifest.cut_workers and not manifest.lost_events:
        doubts.append(f"the event log is cut off or damaged ({', '.join(log.cut)})")
    if manifest.defects:
        doubts.append(f"{count(manifest.defects, 'error')} in the locustfile or in streamsoak (see the log)")
    if unsent := int(log.row(_UNSENT)["n"]):
        doubts.append(
            f"{count(unsent, 'call')} could not be sent because this machine had run out of files, ports or memory"
        )
    return doubts
