"""Answers that were none, and refusals: how many of each call, for which reason, when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtests.model.api.answer import Outcome
from loadtests.model.text.wording import listed
from reports.analysis.effects import Effect, by_call


@dataclass(frozen=True)
class Failures:
    """All of them, and how many calls of each kind there were."""

    rows: tuple[Effect, ...]
    sent: dict[str, int]

    def where(self, condition: Callable[[Effect], bool]) -> Failures:
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

    def by(self, key: Callable[[Effect], str]) -> str:
        """How many of each sort, the most frequent first: "3 new, 1 stop"."""
        counts: dict[str, int] = {}
        for row in self.rows:
            counts[key(row)] = counts.get(key(row), 0) + row.n
        return listed((n, what) for what, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def build_failures(effects: Sequence[Effect]) -> Failures:
    """Returns the calls that were refused or not answered."""
    sent = {kind: counts["sent"] for kind, counts in by_call(effects).items()}
    return Failures(tuple(effect for effect in effects if effect.outcome != Outcome.OK), sent)
