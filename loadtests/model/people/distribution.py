"""The distributions that a profile may use for durations and numbers.

Each sample consumes one draw (inverse transform), so that a person's later choices stay the same when a distribution changes.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from loadtests.model.people.draw import Draw
from loadtests.model.text.units import Seconds, parse_duration
from loadtests.model.text.wording import count

_NORMAL = NormalDist()
_Z95 = _NORMAL.inv_cdf(0.95)
_MOST_VALUES = 100_000


class _Distribution(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    at_least: Seconds = Field(default=0.0, ge=0)
    """Lower samples are set to this."""
    at_most: Seconds | None = Field(default=None, ge=0)
    """Higher samples are set to this; None: unbounded."""

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.at_least > self._most:
            raise ValueError(f"at_least ({self.at_least:g}) is above at_most ({self._most:g})")
        return self

    @property
    def _most(self) -> float:
        return math.inf if self.at_most is None else self.at_most

    def sample(self, draw: Draw) -> float:
        """Returns one value, in the unit of the parameters (seconds for a duration)."""
        return self.quantile(draw.uniform())

    @cached_property
    def quantile(self) -> Callable[[float], float]:
        """The function from a share to the value that this share of all samples does not exceed. A plain function, because it is
        called for each choice of a person, and attribute access on a pydantic model takes longer than the computation.
        """
        inverse, low, high = self._inverse, self.at_least, self._most
        if low <= 0 and high == math.inf:
            return inverse

        def quantile(share: float) -> float:
            value = inverse(share)
            if value < low:
                return low
            return value if value <= high else high

        return quantile

    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest value that a sample can have."""
        low, high = self._support()
        return min(max(low, self.at_least), self._most), min(max(high, self.at_least), self._most)

    @property
    def _inverse(self) -> Callable[[float], float]:
        """The inverse of the distribution function, without the bounds."""
        raise NotImplementedError

    def _support(self) -> tuple[float, float]:
        return 0.0, math.inf


class Constant(_Distribution):
    """Always the same value."""

    kind: Literal["constant"] = "constant"
    value: Seconds = Field(ge=0)

    @property
    def _inverse(self) -> Callable[[float], float]:
        value = self.value
        return lambda u: value

    def _support(self) -> tuple[float, float]:
        return self.value, self.value


class Uniform(_Distribution):
    """Every value between `low` and `high` with equal probability."""

    kind: Literal["uniform"] = "uniform"
    low: Seconds = Field(ge=0)
    high: Seconds = Field(ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low ({self.low:g}) is above high ({self.high:g})")
        return self

    @property
    def _inverse(self) -> Callable[[float], float]:
        low, width = self.low, self.high - self.low
        return lambda u: low + width * u

    def _support(self) -> tuple[float, float]:
        return self.low, self.high


class Exponential(_Distribution):
    """Exponential, given by its mean."""

    kind: Literal["exponential"] = "exponential"
    mean: Seconds = Field(gt=0)

    @property
    def _inverse(self) -> Callable[[float], float]:
        mean, log = self.mean, math.log
        return lambda u: -mean * log(u)


class Lognormal(_Distribution):
    """Lognormal, given by median and 95th percentile: sigma = ln(p95 / median) / 1.645."""

    kind: Literal["lognormal"] = "lognormal"
    median: Seconds = Field(gt=0)
    p95: Seconds = Field(gt=0)

    @model_validator(mode="after")
    def _spread(self) -> Self:
        if self.p95 < self.median:
            raise ValueError(f"p95 ({self.p95:g}) is below the median ({self.median:g})")
        return self

    @property
    def _inverse(self) -> Callable[[float], float]:
        median, sigma = self.median, math.log(self.p95 / self.median) / _Z95
        exp, inv_cdf = math.exp, _NORMAL.inv_cdf
        return lambda u: median * exp(sigma * inv_cdf(u))


class Empirical(_Distribution):
    """Measured values: a column of a CSV file, each value with equal probability.

    The path is relative to the profile's file. The values become part of the profile, and so of the run's manifest: a report
    needs no second file.
    """

    kind: Literal["empirical"] = "empirical"
    csv: str
    column: str
    values: tuple[float, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict) or data.get("values") or not {"csv", "column"} <= data.keys():
            return data
        folder = Path((info.context or {}).get("folder", "."))
        return {**data, "values": _read_column(folder / str(data["csv"]), str(data["column"]))}

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not 0 < len(self.values) <= _MOST_VALUES:
            raise ValueError(f"{self.csv} has {count(len(self.values), 'value')}; it must have 1 to {_MOST_VALUES:,}")
        if not all(0 <= value < math.inf for value in self.values):
            raise ValueError(f"{self.csv}, column {self.column!r}: every value must be finite and not negative")
        return self

    @property
    def _inverse(self) -> Callable[[float], float]:
        values, length = self.values, len(self.values)
        return lambda u: values[int(u * length)]

    def _support(self) -> tuple[float, float]:
        return min(self.values), max(self.values)


def _read_column(path: Path, column: str) -> tuple[float, ...]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if column not in (rows.fieldnames or ()):
                raise ValueError(f"column not found; available columns: {', '.join(rows.fieldnames or ['none'])}")
            values = tuple(float(row[column]) for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"cannot read {path}: {error}") from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}, column {column!r}: {error}") from None
    return values


def _constant_from_value(value: Any) -> Any:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return {"kind": "constant", "value": parse_duration(value)}
    return value


Distribution = Annotated[
    Constant | Uniform | Exponential | Lognormal | Empirical,
    Field(discriminator="kind"),
    BeforeValidator(_constant_from_value, json_schema_input_type=Any),
]
"""In a file: a plain value ("40s", 12) or a table with `kind`, for example
`{ kind = "lognormal", median = "40s", p95 = "3m" }`."""
