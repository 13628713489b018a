"""What two runs are compared by: each figure, which way is better, and by how much a run may be worse than its base.

A tolerance is a share of the base's value ("10%") or an amount in the figure's unit ("50ms", or a number). How much of a
change is noise is not its business: that is told by the runs themselves.
"""

from __future__ import annotations

import difflib
import re
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_serializer, model_validator

from loadtests.model.gates.gates import Unit
from loadtests.model.text.units import parse_duration

CALLS = ("new", "start", "task", "keep_alive", "stop")
"""Operations whose latency is compared."""


class Better(StrEnum):
    """Which way a figure is better."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"
    """It says what the run was, not how the API did: a change is told, and is no regression."""


class Compared(NamedTuple):
    """One figure of a comparison."""

    unit: Unit
    better: Better
    about: str


_LOWER, _HIGHER, _NEITHER = Better.LOWER, Better.HIGHER, Better.NEITHER

COMPARED: dict[str, Compared] = {
    "concurrency_hits.first_attempt_share": Compared(
        Unit.SHARE, _LOWER, "first attempts refused, of all first attempts"
    ),
    "concurrency_hits.per_minute": Compared(Unit.COUNT, _LOWER, "refused attempts a minute"),
    "concurrency_hits.persons_lost_per_minute": Compared(Unit.COUNT, _LOWER, "persons lost to the limit a minute"),
    "calls.failed_share": Compared(
        Unit.SHARE, _LOWER, "calls that failed, or whose outcome is unknown; hits are not among them"
    ),
    "sessions.lost_to_idle_share": Compared(Unit.SHARE, _LOWER, "sessions reaped while the person was there"),
    "sessions.dropped_share": Compared(Unit.SHARE, _LOWER, "sessions that the API ended before they were due"),
    "sessions.lingering_share": Compared(Unit.SHARE, _LOWER, "sessions overdue, and still there at the end"),
    "sessions.leaked_late_share": Compared(Unit.SHARE, _LOWER, "leaks reaped late"),
    "slots.leaked": Compared(Unit.COUNT, _NEITHER, "slots held by leaks, on the average"),
    **{
        f"latency.{call}.{p}": Compared(Unit.SECONDS, _LOWER, f"latency of {call} from the send, {p}")
        for call in CALLS
        for p in ("p50", "p95", "p99")
    },
    "keep_alive.margin.p1": Compared(Unit.SECONDS, _HIGHER, "to spare before the idle timeout, 99 of 100 had more"),
    "keep_alive.lateness.p99": Compared(Unit.SECONDS, _NEITHER, "keep-alives: first byte after due, p99"),
    "slots.held": Compared(Unit.COUNT, _NEITHER, "slots held, on the average"),
    "sessions.opened_per_minute": Compared(Unit.COUNT, _NEITHER, "sessions opened a minute"),
    "sessions.leaked_share": Compared(Unit.SHARE, _NEITHER, "sessions that the modelled client leaked"),
    "generator.requests_per_second": Compared(Unit.COUNT, _NEITHER, "requests a second"),
    "generator.loop_delay.p99": Compared(Unit.SECONDS, _NEITHER, "the generator's own delay, p99"),
}
"""Every figure that two runs are compared by. Those whose name summary.json has as well are the same figure."""

LEAST = {Unit.SECONDS: 0.005, Unit.SHARE: 0.005, Unit.COUNT: 0.0}
"""What matters to nobody, where a figure has no tolerance of its own: a tenth of half a millisecond is no regression."""

_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")


class Tolerance(BaseModel):
    """So much worse than its base may a figure be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Of the base's value."""
    amount: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """In the figure's unit."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return given if isinstance(given, dict | Tolerance) else _fields(given)

    @model_serializer
    def _as_text(self) -> str | float:
        return f"{self.share * 100:g}%" if self.share else self.amount

    def of(self, base: float) -> float:
        """By how much a figure that was `base` may be worse, in its unit."""
        return self.share * abs(base) + self.amount


def _fields(given: Any) -> dict[str, float]:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return {"amount": float(given)}
    if isinstance(given, str) and (share := _SHARE.fullmatch(given.strip())):
        return {"share": float(share[1]) / 100}
    if isinstance(given, str):
        try:
            return {"amount": parse_duration(given)}
        except ValueError:
            pass
    raise ValueError("not a tolerance: write a share of the base as '10%', an amount as '50ms', or as a number")


class Tolerances(BaseModel):
    """The table `[compare]` of a scenario."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    worse: Tolerance = Tolerance(share=0.1)
    """Of each figure for which nothing else is said."""
    figures: dict[str, Tolerance] = {}
    """By figure. What is named here has to be told: a comparison that cannot tell it is unknown."""

    @field_validator("worse")
    @classmethod
    def _is_share(cls, worse: Tolerance) -> Tolerance:
        if worse.amount:
            raise ValueError("must be a share such as '10%': it is for figures of every unit")
        return worse

    @field_validator("figures")
    @classmethod
    def _known(cls, figures: dict[str, Tolerance]) -> dict[str, Tolerance]:
        for figure in figures:
            if figure not in COMPARED:
                near = difflib.get_close_matches(figure, COMPARED, n=1, cutoff=0.5)
                raise ValueError(f"no figure {figure!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
            if COMPARED[figure].better is Better.NEITHER:
                raise ValueError(f"{figure} is neither better nor worse, so it takes no tolerance")
        return figures

    def allowed(self, figure: str, base: float) -> float:
        """By how much a figure that was `base` may be worse, in its unit."""
        own = self.figures.get(figure)
        return own.of(base) if own else max(self.worse.of(base), LEAST[COMPARED[figure].unit])
