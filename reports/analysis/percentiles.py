"""The percentiles of one figure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from loadtests.model.maths.reported_percentiles import PERCENTILES
from reports.log.log import EventLog
from reports.log.quantile import quantiles


@dataclass(frozen=True)
class Percentiles:
    """Percentiles of one figure, in seconds; None where nothing was measured. Each is a value that occurred."""

    n: int = 0
    min: float | None = None
    p1: float | None = None
    p5: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None

    @classmethod
    def of(cls, values: Mapping[Hashable, Any]) -> Percentiles:
        """Returns those with the given names."""
        return cls(**{str(name): value for name, value in values.items()})

    def as_dict(self) -> dict[str, float | int | None]:
        """Returns the values by name."""
        return asdict(self)


def percentiles(log: EventLog, values: str) -> Percentiles:
    """Returns the percentiles of the column `v` of the query `values`."""
    return next(map(Percentiles.of, quantiles(log, values, PERCENTILES).to_dict("records")), Percentiles())
