"""Answers that were none, and refusals: how many of each call, for which reason, when. One pass over the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loadtests.model.text.wording import listed
from reports.log.log import EventLog

_FAILURES = """
SELECT kind, outcome, status, reason, count(*)::INTEGER AS n, min(t) / 1e9 AS low, max(t + latency) / 1e9 AS high
FROM events WHERE outcome IN ('fail', 'unknown') GROUP BY ALL ORDER BY n DESC, kind, status, reason
"""

_ATTEMPTS = """
SELECT kind, count(*)::INTEGER AS n FROM events WHERE outcome IN ('ok', 'fail', 'unknown') GROUP BY kind ORDER BY kind
"""


@dataclass(frozen=True)
class Failure:
    """Calls that failed in the same way; times in seconds of the run."""

    kind: str
    outcome: str
    status: int
    reason: str
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Failures:
    """All of them, and how many calls of each kind there were."""

    rows: tuple[Failure, ...]
    sent: dict[str, int]

    def where(self, condition: Callable[[Failure], bool]) -> Failures:
        """Those that fulfil `condition`."""
        return Failures(tuple(filter(condition, self.rows)), self.sent)

    @property
    def n(self) -> int:
        """How many calls."""
        return sum(row.n for row in self.rows)

    @property
    def share(self) -> float:
        """Of all calls of the same kinds."""
        of = sum(self.sent.get(kind, 0) for kind in {row.kind for row in self.rows})
        return self.n / of if of else 0.0

    @property
    def interval(self) -> tuple[float, float] | None:
        """From the first of them to the last."""
        return (min(row.low for row in self.rows), max(row.high for row in self.rows)) if self.rows else None

    def by(self, key: Callable[[Failure], str]) -> str:
        """How many of each sort, the most frequent first: "3 new, 1 stop"."""
        counts: dict[str, int] = {}
        for row in self.rows:
            counts[key(row)] = counts.get(key(row), 0) + row.n
        return listed((n, what) for what, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def build_failures(log: EventLog) -> Failures:
    """The failures, out of the events."""
    rows = tuple(Failure(**{**row, "reason": row["reason"] or ""}) for row in log.records(_FAILURES))
    return Failures(rows, {row["kind"]: row["n"] for row in log.records(_ATTEMPTS)})
