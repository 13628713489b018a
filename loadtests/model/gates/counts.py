"""Counts during a run, for gates that may abort it: they only grow."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Counts(msgspec.Struct):
    """Counts of one process, or of all together, since the run began."""

    hits: int = 0
    """Attempts refused for the limit."""
    first_hits: int = 0
    """First attempts among them."""
    lost_to_idle: int = 0
    """Sessions that ended when they were due or later, while their person was there."""
    keep_alives_failed: int = 0
    """Keep-alives sent and not acknowledged."""
    longest_stall: float = 0.0
    """The longest stall of the engine's loop, in seconds."""

    def of(self, figure: str) -> float:
        """Returns the figure of that name (one of `figure.GROWING`)."""
        return float(getattr(self, _NAMES[figure]))


def together(counts: Iterable[Counts]) -> Counts:
    """Returns the counts of several processes together."""
    known = list(counts)
    return Counts(
        hits=sum(part.hits for part in known),
        first_hits=sum(part.first_hits for part in known),
        lost_to_idle=sum(part.lost_to_idle for part in known),
        keep_alives_failed=sum(part.keep_alives_failed for part in known),
        longest_stall=max((part.longest_stall for part in known), default=0.0),
    )


_NAMES = {
    "concurrency_hits.count": "hits",
    "concurrency_hits.first_attempts": "first_hits",
    "sessions.lost_to_idle": "lost_to_idle",
    "keep_alive.failed": "keep_alives_failed",
    "generator.longest_stall": "longest_stall",
}
