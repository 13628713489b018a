"""A sample with censoring: what is known of each value is an interval.

Right-censored (still open, capped, cut by the recording's end): from the last moment seen to infinity. Rounded: half a unit
around. Clamped by a bound (`at_least`, `at_most`): beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST = 20_000
"""Values of a sample that are used; of a larger one, a random part."""
_TIED_SECONDS = 0.05
_TIED_SHARE = 0.005
_FEWEST_TIED = 5
_CONSTANT_SHARE = 0.01
"""Nearly all values within this share of their median, or within `_TIED_SECONDS`, are one value."""


@dataclass(frozen=True)
class Sample:
    """`low` ≤ value ≤ `high` for each observation; equal where the value was seen exactly."""

    low: Floats
    high: Floats
    at_least: float = 0.0
    """Lower values are set to this."""
    at_most: float = np.inf
    """Higher values are set to this."""
    step: float = 0.0
    """The unit to which values were rounded; 0: they were not."""
    about: Flags | None = None
    """Which values are estimates: known to about the interval, but not certainly within it."""

    @classmethod
    def of(
        cls,
        values: npt.ArrayLike,
        seen: npt.ArrayLike | None = None,
        seed: int = 1,
        doubt: npt.ArrayLike | None = None,
    ) -> Sample:
        """Returns a sample of `values`; those that are not `seen` are right-censored there. `doubt`: by how much a value that was
        seen may be off; 0 for most. Seconds, or any other unit.
        """
        low = np.maximum(np.asarray(values, dtype=float), 0.0)
        flags = np.ones(len(low), dtype=bool) if seen is None else np.asarray(seen, dtype=bool)
        off = np.zeros(len(low)) if doubt is None else np.asarray(doubt, dtype=float)
        if len(low) > MOST:
            chosen = np.random.default_rng(seed).choice(len(low), MOST, replace=False)
            low, flags, off = low[chosen], flags[chosen], off[chosen]
        about = flags & (off > 0)
        high = np.where(flags, low + off, np.inf)
        return cls(np.where(about, np.maximum(low - off, 0.0), low), high, about=about if about.any() else None)

    def firm(self) -> Sample:
        """Returns the same without estimated values."""
        if self.about is None:
            return self
        kept = ~self.about
        return Sample(self.low[kept], self.high[kept], self.at_least, self.at_most, self.step)

    def rounded(self) -> Sample:
        """Returns the same where each exact value, from 1 on, was rounded to a whole number; 1 stands for all below, too."""
        low = np.where(self.low <= 1, 0.0, self.low - 0.5)
        high = np.where(np.isinf(self.high), np.inf, np.maximum(self.high, 1) + 0.5)
        return Sample(low, high, step=1.0)

    def clamped(self) -> Sample:
        """Returns the same with its bounds: values that many observations share exactly at one end of the sample."""
        exact = self.low[self.seen]
        if self.is_constant or len(exact) < _FEWEST_TIED:
            return self
        fewest = max(_FEWEST_TIED, _TIED_SHARE * len(exact))
        low, high, least, most = self.low.copy(), self.high.copy(), 0.0, np.inf
        top = np.median(exact[exact >= exact.max() - _TIED_SECONDS])
        if _tied(exact, top, fewest):
            most = float(top)
            at = self.seen & (self.low >= most - _TIED_SECONDS)
            low[at], high[at] = most, np.inf
        bottom = np.median(exact[exact <= exact.min() + min(_TIED_SECONDS, 0.001 * top)])
        if bottom > 0 and _tied(exact, bottom, fewest, 0.001 * top):
            least = float(bottom)
            at = self.seen & (self.low <= least + min(_TIED_SECONDS, 0.001 * top))
            low[at], high[at] = 0.0, least
        return Sample(low, high, least, most, self.step, self.about)

    @cached_property
    def seen(self) -> Flags:
        """Which values were seen exactly."""
        return np.asarray(self.low == self.high)

    @cached_property
    def ended(self) -> int:
        """Number of values that are not right-censored, those at an upper bound included."""
        at_bound = int((self.low >= self.at_most).sum()) if np.isfinite(self.at_most) else 0
        return int(np.isfinite(self.high).sum()) + at_bound

    @cached_property
    def points(self) -> Floats:
        """The values that are known; of those that were rounded, as they were rounded."""
        if not self.step:
            return self.low[self.seen]
        known = np.isfinite(self.high)
        return np.asarray(np.round((self.low + self.high)[known] / 2))

    @cached_property
    def is_constant(self) -> bool:
        """Whether nearly all values are one and the same."""
        if not len(self.points):
            return False
        low, middle, high = np.quantile(self.points, [0.01, 0.5, 0.99])
        return bool(high - low <= max(2 * _TIED_SECONDS, _CONSTANT_SHARE * middle))

    def __len__(self) -> int:
        return len(self.low)


def _tied(values: Floats, at: float, fewest: float, within: float = _TIED_SECONDS) -> bool:
    """Whether many values are at `at`, and ten times as many as in the next interval of that width."""
    width = min(_TIED_SECONDS, within)
    distance = np.abs(values - at)
    tied, near = int((distance <= width).sum()), int(((distance > width) & (distance <= 3 * width)).sum())
    return tied >= fewest and tied >= 10 * near
