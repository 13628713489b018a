"""Windows: the part of a run that a gate looks at. `after 2m`, `last 10m`, `any 5m window`.

    0 ├────────── load ──────────┤ load ended ├─ drain ─┤ end of the log
      │    after 2m ├──────────────────────────────────→│
      │                last 10m ├──────────────────────→│
      ├─ any 5m window ─┤
         ├───────────────┤ …  ├──┤ the last one ends with the load

What the API does with leaks when the load is over belongs to the first two: they last until the end of the log.
"""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from loadtests.model.text.units import format_duration, parse_duration

Span = tuple[float, float]
"""From the first second up to the second, in seconds of the run."""

_STEPS = 10
"""Windows that slide begin at each tenth of their length."""
_MOST = 5000
"""Where that would be more, they begin less often, but never farther apart than half their length."""
_WORDS = re.compile(r"(?:(after|last)\s+(\S+)|any\s+(\S+)\s+window)(.*)", re.DOTALL)


class WindowKind(StrEnum):
    """How a window lies in the run."""

    AFTER = "after"
    LAST = "last"
    ANY = "any"


class Window(BaseModel):
    """A part of a run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: WindowKind
    seconds: float

    def spans(self, load_ended: float, log_end: float) -> list[Span]:
        """Where it lies in a run whose load and log ended then; none: the run is too short to have it."""
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
        return f"any {length} window" if self.kind is WindowKind.ANY else f"{self.kind.value} {length}"


def parse_window(text: str) -> tuple[Window | None, str]:
    """The window that `text` begins with, if it does, and the rest; raises ValueError with what would be right."""
    match = _WORDS.fullmatch(text.strip())
    if not match:
        return None, text.strip()
    kind, length, sliding, rest = match.groups()
    seconds = parse_duration(length or sliding)
    if seconds <= 0:
        raise ValueError("a window must be longer than 0 s")
    return Window(kind=WindowKind(kind or "any"), seconds=seconds), rest.strip()
