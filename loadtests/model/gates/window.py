"""Windows: the part of a run that a gate is evaluated on. `after 2m`, `last 10m`, `every 5m window`.

    0 ├────────── load ──────────┤ load ended ├─ drain ─┤ end of the log
      │    after 2m ├──────────────────────────────────→│
      │                last 10m ├──────────────────────→│
      ├─ every 5m window ┤
         ├───────────────┤ …  ├──┤ the last one ends with the load

The first two last until the end of the log, so they include what the API does with leaks after the load.
"""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from loadtests.model.text.units import format_duration, parse_duration

Span = tuple[float, float]
"""Begin and end, in seconds of the run."""

_STEPS = 10
"""A sliding window begins at each tenth of its length."""
_MOST = 5000
"""With more windows than this, they begin less often, at least at each half of their length."""
_WORDS = re.compile(r"(?:(after|last)\s+(\S+)|(?:every|any)\s+(\S+)\s+window)(.*)", re.DOTALL)


class WindowKind(StrEnum):
    """How a window lies in the run."""

    AFTER = "after"
    LAST = "last"
    ANY = "any"
    """`every 5m window`; until version 0.2 the word was `any`, which is still read."""


class Window(BaseModel):
    """A part of a run."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    kind: WindowKind
    seconds: float

    def spans(self, load_ended: float, log_end: float) -> list[Span]:
        """Returns where it lies in a run whose load and log ended at these times; empty if the run is too short."""
        if self.kind is WindowKind.AFTER:
            return [(self.seconds, log_end)] if self.seconds < load_ended else []
        if self.kind is WindowKind.LAST:
            return [(max(0.0, load_ended - self.seconds), log_end)] if load_ended > 0 else []
        return self._sliding(load_ended)

    def _sliding(self, load_ended: float) -> list[Span]:
        room = load_ended - self.seconds
        if room < 0:
            return []
        step = min(max(self.seconds / _STEPS, room / _MOST), self.seconds / 2)
        begins = [number * step for number in range(int(room / step) + 1)]
        if begins[-1] < room:
            begins.append(room)
        return [(begin, begin + self.seconds) for begin in begins]

    def __str__(self) -> str:
        length = format_duration(self.seconds)
        return f"every {length} window" if self.kind is WindowKind.ANY else f"{self.kind.value} {length}"


def parse_window(text: str) -> tuple[Window | None, str]:
    """Returns the window at the start of `text`, if there is one, and the rest. Raises ValueError."""
    match = _WORDS.fullmatch(text.strip())
    if not match:
        return None, text.strip()
    kind, length, sliding, rest = match.groups()
    seconds = parse_duration(length or sliding)
    if seconds <= 0:
        raise ValueError("a window must be longer than 0 s")
    return Window(kind=WindowKind(kind or "any"), seconds=seconds), rest.strip()
