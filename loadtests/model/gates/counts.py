"""What is counted while a run goes on, for gates that may abort it: only what never falls again."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Counts(msgspec.Struct):
    """Of one process, or of all together, since the run began."""

    hits: int = 0
    """Refused attempts, of whatever number."""
    first_hits: int = 0
    """Of them, first attempts."""
    lost_to_idle: int = 0
    """Sessions that the API said to be gone, no sooner than they were due, while their person was there."""
    keep_alives_failed: int = 0
    """Sent, and not acknowledged."""
    longest_stall: float = 0.0
    """Of the engine's loop, in seconds."""

    def of(self, figure: str) -> float:
        """The figure of that name (`figure.GROWING`)."""
        return float(getattr(self, _NAMES[figure]))


def together(counts: Iterable[Counts]) -> Counts:
    """Of several processes."""
    known = list(counts)
    return Counts(
        hits=sum(one.hits for one in known),
        first_hits=sum(one.first_hits for one in known),
        lost_to_idle=sum(one.lost_to_idle for one in known),
        keep_alives_failed=sum(one.keep_alives_failed for one in known),
        longest_stall=max((one.longest_stall for one in known), default=0.0),
    )


_NAMES = {
    "concurrency_hits.count": "hits",
    "concurrency_hits.first_attempts": "first_hits",
    "sessions.lost_to_idle": "lost_to_idle",
    "keep_alive.failed": "keep_alives_failed",
    "generator.longest_stall": "longest_stall",
}
