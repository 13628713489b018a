"""Reports the run's workers: lost ones, those that left early, and the error of their clocks."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.model.api.operation import Operation
from loadtests.model.log.record import SESSIONS_PER_WORKER, Observation
from loadtests.model.text.wording import count
from reports.log.log import EventLog

_DEPARTURES = f"""
SELECT kind, detail::SMALLINT AS worker, t / 1e9 AS t, value AS heard,
    (SELECT count(*) FROM sessions
     WHERE sessions.worker = detail::SMALLINT AND opened <= t / 1e9 AND coalesce(ended, 'inf') > t / 1e9)
    -- And those of its ledger that the master closed for it: their rows in the worker's own log may not have arrived.
    + (SELECT count(DISTINCT session) FROM events AS orphans
       WHERE orphans.kind = '{Operation.STOP}' AND orphans.worker <> events.detail::SMALLINT
           AND orphans.session // {SESSIONS_PER_WORKER} = events.detail::SMALLINT AND orphans.t >= events.t
           AND orphans.session NOT IN (SELECT session FROM sessions)) AS open,
    (SELECT min(back.t) / 1e9 FROM events AS back
     WHERE back.kind = '{Observation.WORKER_BACK}' AND back.detail = events.detail AND back.t > events.t) AS back
FROM events WHERE kind IN ('{Observation.WORKER_LOST}', '{Observation.WORKER_LEFT}') ORDER BY t
"""


@dataclass(frozen=True)
class Departure:
    """A worker that was absent during the run; times in seconds of the run."""

    worker: int
    at: float
    """When the absence was noticed."""
    heard: float | None
    """When the last message came; None: the worker left by itself after closing its sessions."""
    open: int
    """Sessions of the worker that were open at that time."""
    back: float | None
    """When it sent a message again; None: never."""

    def __str__(self) -> str:
        if self.heard is None:
            return f"worker {self.worker} left at {self.at:.1f} s, before the end of the run"
        back = f", and returned at {self.back:.1f} s" if self.back is not None else ""
        return (
            f"worker {self.worker} was lost at {self.at:.1f} s (last message at {self.heard:.1f} s), with"
            f" {count(self.open, 'session')} open{back}"
        )


_ABSENCES = f"""
SELECT count(*) AS n FROM events
WHERE kind IN ('{Observation.WORKER_LOST}', '{Observation.WORKER_LEFT}', '{Observation.WORKER_BACK}')
"""


def any_was_absent(log: EventLog) -> bool:
    """Returns whether a worker was, which is rare: most logs need not be searched for what became of its sessions."""
    return bool(log.row(_ABSENCES)["n"])


def departures(log: EventLog) -> list[Departure]:
    """Returns absent workers in the order of time; needs the table `sessions`."""
    if not any_was_absent(log):
        return []
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
    """Returns the largest error of a worker's clock, in seconds."""
    return float(log.row(f"SELECT max(value) AS v FROM events WHERE kind = '{Observation.CLOCK}'")["v"] or 0.0)
