"""Can the run be believed? How late the generator itself was, and whether the log is whole."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd

from reports.analysis.latency import SENT, Percentiles, percentiles
from reports.analysis.workers import clock_error, departures
from reports.log.log import EventLog
from reports.log.time_columns import column_seconds

WORST_P99_SECONDS = 0.25
"""A loop delay above this in one of a hundred requests taints the run."""


# Of each process, and then together: a process that came later or was lost counts as what it last was.
_MEMORY = """
SELECT sum(first)::BIGINT AS first, sum(last)::BIGINT AS last, sum(peak)::BIGINT AS peak FROM (
    SELECT arg_min(value, t) AS first, arg_max(value, t) AS last, max(value) AS peak
    FROM events WHERE kind = 'memory' GROUP BY worker
)
"""


@dataclass(frozen=True)
class MemoryUse:
    """Bytes that the load's processes held, all together; None: they did not tell, as in virtual time."""

    first: int | None
    """When the run began."""
    last: int | None
    """When all was closed."""
    peak: int | None
    """The most, of what was looked at once a minute."""

    def as_dict(self) -> dict[str, int | None]:
        """By name."""
        return asdict(self)


@dataclass(frozen=True)
class GeneratorHealth:
    """The generator's health."""

    loop_delay: Percentiles
    """Of each request: first byte − intended, without the wait for a connection. Ours."""
    connection_wait: Percentiles
    """The rest of the lateness: the API's slowness, or a pool that is too small."""
    longest_stall: float
    """Seconds for which the engine's loop stood still, at the worst."""
    requests: int
    rate: float
    """Requests a second over the load."""
    delays: pd.DataFrame
    """Columns t, delay: the longest delay of the loop in each column of the chart."""
    memory: MemoryUse
    doubts: list[str]
    """Why the run's figures cannot be trusted; none: they can."""


def build_generator(log: EventLog, log_end: float) -> GeneratorHealth:
    """The generator's health, out of the events."""
    delay = percentiles(log, f"SELECT greatest(t - intended - waited, 0) / 1e9 AS v {SENT}")
    wait = percentiles(log, f"SELECT waited / 1e9 AS v {SENT}")
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
    """The figures, out of the events."""
    return MemoryUse(**log.row(_MEMORY))


def _doubts(log: EventLog, delay: Percentiles, stall: float) -> list[str]:
    manifest = log.manifest
    doubts = []
    if manifest.ended is None:
        doubts.append("the run was cut off before its end")
    if not delay.n:
        doubts.append("no request was sent")
    if delay.p99 is not None and delay.p99 > WORST_P99_SECONDS:
        doubts.append(
            f"one request in a hundred was more than {delay.p99 * 1000:.0f} ms late by the generator's own doing"
        )
    if stall > manifest.tolerance:
        doubts.append(f"the generator stood still for {stall:.1f} s (tolerance {manifest.tolerance:g} s)")
    doubts += map(str, departures(log))
    if (error := clock_error(log)) > manifest.tolerance / 2:
        doubts.append(f"the workers' clocks are known to {error:.2f} s only (tolerance {manifest.tolerance:g} s)")
    return doubts + _losses(log)


def _losses(log: EventLog) -> list[str]:
    """What the run says that it lost, or that is seen to be missing."""
    manifest = log.manifest
    doubts = []
    if manifest.left_open:
        doubts.append(f"{manifest.left_open} sessions could not be closed at the end")
    if manifest.lost_events:
        doubts.append(f"{manifest.lost_events} events could not be written")
    if manifest.cut_workers:
        doubts.append(f"the logs of {manifest.cut_workers} workers did not come whole: look for their spools")
    if log.cut and not manifest.cut_workers and not manifest.lost_events:
        doubts.append(f"the event log ends before its end ({', '.join(log.cut)}): it was cut, or damaged")
    if manifest.defects:
        doubts.append(f"{manifest.defects} errors of the harness itself")
    return doubts
