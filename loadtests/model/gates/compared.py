"""The figures by which two runs are compared, which direction is better, and how much worse a run may be than its base.

A tolerance is a share of the base's value ("10%") or an amount in the figure's unit ("50ms", or a number). How much of a
change is noise is estimated from the runs, elsewhere.
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
    """Which direction of a figure is better."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"
    """The figure describes the run, not the API: a change is reported, and is no regression."""


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
    "concurrency_hits.persons_lost_per_minute": Compared(Unit.COUNT, _LOWER, "users lost to the limit a minute"),
    "calls.failed_share": Compared(
        Unit.SHARE, _LOWER, "calls that failed or have an unknown outcome, without concurrency hits"
    ),
    "sessions.lost_to_idle_share": Compared(Unit.SHARE, _LOWER, "sessions reaped while the user was there"),
    "sessions.dropped_share": Compared(Unit.SHARE, _LOWER, "sessions that the API ended before they were due"),
    "sessions.lingering_share": Compared(Unit.SHARE, _LOWER, "sessions overdue and still open at the end"),
    "sessions.leaked_late_share": Compared(Unit.SHARE, _LOWER, "leaks reaped late"),
    "slots.leaked": Compared(Unit.COUNT, _NEITHER, "slots held by leaks, mean"),
    **{
        f"latency.{call}.{p}": Compared(Unit.SECONDS, _LOWER, f"latency of {call} from the send, {p}")
        for call in CALLS
        for p in ("p50", "p95", "p99")
    },
    "keep_alive.margin.p1": Compared(Unit.SECONDS, _HIGHER, "time left before the idle timeout, p1"),
    "keep_alive.lateness.p99": Compared(Unit.SECONDS, _NEITHER, "keep-alives: first byte sent after due, p99"),
    "slots.held": Compared(Unit.COUNT, _NEITHER, "slots held, mean"),
    "sessions.opened_per_minute": Compared(Unit.COUNT, _NEITHER, "sessions opened a minute"),
    "sessions.leaked_share": Compared(Unit.SHARE, _NEITHER, "sessions leaked by the modelled client"),
    "generator.requests_per_second": Compared(Unit.COUNT, _NEITHER, "requests a second"),
    "generator.loop_delay.p99": Compared(Unit.SECONDS, _NEITHER, "delay of the load generator, p99"),
}
"""Every figure of a comparison. A name that summary.json has too is the same figure."""

OF_REAL_CLIENTS: dict[str, Compared] = {
    **COMPARED,
    "slots.leaked": Compared(Unit.COUNT, _LOWER, "slots held by leaks, mean"),
    "sessions.leaked_share": Compared(Unit.SHARE, _LOWER, "sessions that the clients did not close"),
}
"""The same for recordings: there the clients are judged, and not the load."""

LEAST = {Unit.SECONDS: 0.005, Unit.SHARE: 0.005, Unit.COUNT: 0.0}
"""The least tolerance of a figure without its own: a change of 0.05 ms is no regression."""

_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")


class Tolerance(BaseModel):
    """How much worse than its base a figure may be."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

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
        """Returns by how much a figure that was `base` may be worse, in its unit."""
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
    raise ValueError("must be a tolerance: a share of the base such as '10%', or an amount such as '50ms' or a number")


class Tolerances(BaseModel):
    """The table `[compare]` of a scenario."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    worse: Tolerance = Tolerance(share=0.1)
    """Of each figure without its own tolerance."""
    figures: dict[str, Tolerance] = {}
    """By figure. A comparison without a result for one of these is unknown."""

    @field_validator("worse")
    @classmethod
    def _is_share(cls, worse: Tolerance) -> Tolerance:
        if worse.amount:
            raise ValueError("must be a share such as '10%', because it applies to figures of every unit")
        return worse

    @field_validator("figures")
    @classmethod
    def _known(cls, figures: dict[str, Tolerance]) -> dict[str, Tolerance]:
        for figure in figures:
            if figure not in COMPARED:
                near = difflib.get_close_matches(figure, COMPARED, n=1, cutoff=0.5)
                raise ValueError(f"no figure {figure!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
            if COMPARED[figure].better is Better.NEITHER:
                raise ValueError(f"{figure} is neither better nor worse, so a tolerance is not allowed")
        return figures

    def allowed(self, figure: str, base: float) -> float:
        """Returns by how much a figure that was `base` may be worse, in its unit."""
        own = self.figures.get(figure)
        return own.of(base) if own else max(self.worse.of(base), LEAST[COMPARED[figure].unit])
