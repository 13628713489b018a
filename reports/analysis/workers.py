"""What became of the run's workers: who was lost, who left, how well their clocks were known."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.model.log.record import Observation
from reports.log.log import EventLog

_DEPARTURES = f"""
SELECT kind, detail::SMALLINT AS worker, t / 1e9 AS t, value AS heard,
    (SELECT count(*) FROM sessions
     WHERE sessions.worker = detail::SMALLINT AND opened <= t / 1e9 AND coalesce(ended, 'inf') > t / 1e9) AS open,
    (SELECT min(back.t) / 1e9 FROM events AS back
     WHERE back.kind = '{Observation.WORKER_BACK}' AND back.detail = events.detail AND back.t > events.t) AS back
FROM events WHERE kind IN ('{Observation.WORKER_LOST}', '{Observation.WORKER_LEFT}') ORDER BY t
"""


@dataclass(frozen=True)
class Departure:
    """A worker that was away while the run went on; times in seconds of the run."""

    worker: int
    at: float
    """When it was noticed."""
    heard: float | None
    """When the worker was last heard of; None: it left by itself, having closed its sessions."""
    open: int
    """Its sessions that were open then."""
    back: float | None
    """When it was heard of again; None: it was not."""

    def __str__(self) -> str:
        if self.heard is None:
            return f"worker {self.worker} left at {self.at:.1f} s, before the run was over"
        back = f", and came back at {self.back:.1f} s" if self.back is not None else ""
        return (
            f"worker {self.worker} was lost at {self.at:.1f} s (last heard of at {self.heard:.1f} s), with {self.open}"
            f" sessions open{back}"
        )


def departures(log: EventLog) -> list[Departure]:
    """Who was away, in the order of time; needs the table `sessions`."""
    return [
        Departure(
            row["worker"],
            row["t"],
            row["heard"] if row["kind"] == Observation.WORKER_LOST else None,
            row["open"],
            row["back"],
        )
        for row in log.records(_DEPARTURES)
    ]


def clock_error(log: EventLog) -> float:
    """By how much a worker's clock may have been off, at the worst, in seconds."""
    return float(log.row(f"SELECT max(value) AS v FROM events WHERE kind = '{Observation.CLOCK}'")["v"] or 0.0)
