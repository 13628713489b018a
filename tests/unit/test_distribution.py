"""The distributions that a profile may name: their figures, their bounds, and files of measured values."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean, quantiles
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from loadtests.model.people.distribution import Distribution
from loadtests.model.people.draw import Draw

SAMPLES = 40_000

ADAPTER: TypeAdapter[Any] = TypeAdapter(Distribution)


def distribution(value: Any, folder: Path = Path()) -> Any:
    """The distribution that `value` of a file in `folder` describes."""
    return ADAPTER.validate_python(value, context={"folder": folder})


def samples(value: Any, folder: Path = Path()) -> list[float]:
    """Many samples, always the same ones."""
    found, draw = distribution(value, folder), Draw.of(1, "samples")
    return [found.sample(draw) for _ in range(SAMPLES)]


def mistake(value: Any, folder: Path = Path()) -> str:
    """What is said about a value that is no distribution."""
    with pytest.raises(ValidationError) as caught:
        distribution(value, folder)
    return str(caught.value)


def measured(folder: Path, content: bytes, column: str = "seconds") -> dict[str, str]:
    """An empirical distribution whose file holds `content`."""
    (folder / "measured.csv").write_bytes(content)
    return {"kind": "empirical", "csv": "measured.csv", "column": column}


FIGURES = [
    ({"kind": "constant", "value": "40s"}, 40.0, 40.0, 40.0),
    ({"kind": "uniform", "low": 10, "high": "30s"}, 20.0, 29.0, 20.0),
    ({"kind": "exponential", "mean": 20}, 13.863, 59.915, 20.0),
    # mean = median · exp(sigma² / 2), sigma = ln(3) / 1.6449
    ({"kind": "lognormal", "median": 10, "p95": 30}, 10.0, 30.0, 12.499),
]


@pytest.mark.parametrize(("table", "median", "p95", "mean"), FIGURES, ids=lambda value: str(value))
def test_figures_of_each_kind(table: dict[str, Any], median: float, p95: float, mean: float) -> None:
    """Median, 95th percentile and mean are what the parameters say, within 3 %."""
    values = samples(table)
    cuts = quantiles(values, n=20)
    assert (cuts[9], cuts[18], fmean(values)) == pytest.approx((median, p95, mean), rel=0.03)


def test_empirical_takes_each_value_equally_often(tmp_path: Path) -> None:
    """The values of the column, and only they, each with the same share."""
    values = samples(measured(tmp_path, b"seconds,who\n3,a\n5,b\n5,c\n9.5,d\n"), tmp_path)
    shares = {value: values.count(value) / SAMPLES for value in set(values)}
    assert shares == pytest.approx({3.0: 0.25, 5.0: 0.5, 9.5: 0.25}, abs=0.02)


@pytest.mark.parametrize(("plain", "value"), [(12, 12.0), (2.5, 2.5), ("90s", 90.0), ("1h30m", 5400.0)])
def test_plain_value_is_a_constant(plain: Any, value: float) -> None:
    """A number or duration stands for always the same."""
    found = distribution(plain)
    assert (found.kind, found.sample(Draw.of(1)), found.bounds()) == ("constant", value, (value, value))


@pytest.mark.parametrize("table", [table for table, *_ in FIGURES])
def test_samples_are_set_to_the_bounds(table: dict[str, Any]) -> None:
    """What lies outside at_least and at_most becomes the bound itself, and is not drawn again."""
    bounded = {**table, "at_least": 15, "at_most": 25}
    assert samples(bounded) == [min(max(value, 15.0), 25.0) for value in samples(table)]


@pytest.mark.parametrize(
    ("table", "bounds"),
    [
        ({"kind": "constant", "value": 5, "at_least": 8}, (8.0, 8.0)),
        ({"kind": "uniform", "low": 10, "high": 30}, (10.0, 30.0)),
        ({"kind": "uniform", "low": 10, "high": 30, "at_least": 12, "at_most": 20}, (12.0, 20.0)),
        ({"kind": "exponential", "mean": 20}, (0.0, float("inf"))),
        ({"kind": "exponential", "mean": 20, "at_most": "60s"}, (0.0, 60.0)),
        ({"kind": "lognormal", "median": 10, "p95": 30, "at_least": 2}, (2.0, float("inf"))),
    ],
)
def test_bounds_are_told(table: dict[str, Any], bounds: tuple[float, float]) -> None:
    """`bounds` is the lowest and highest value that can come out."""
    assert distribution(table).bounds() == bounds


def test_bounds_of_what_was_measured(tmp_path: Path) -> None:
    """An empirical distribution is bounded by its values."""
    assert distribution(measured(tmp_path, b"seconds\n7\n3\n5\n"), tmp_path).bounds() == (3.0, 7.0)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kind": "uniform", "low": 30, "high": 10}, "low (30) is above high (10)"),
        ({"kind": "lognormal", "median": 30, "p95": 10}, "p95 (10) is below the median (30)"),
        ({"kind": "constant", "value": 1, "at_least": 5, "at_most": 2}, "at_least (5) is above at_most (2)"),
        ({"kind": "exponential", "mean": 0}, "greater than 0"),
        ({"kind": "exponential"}, "Field required"),
        ({"kind": "exponential", "mean": 5, "median": 3}, "Extra inputs"),
        ({"kind": "gauss", "mean": 5}, "'lognormal'"),
        ({"kind": "constant", "value": -1}, "greater than or equal to 0"),
        ({"kind": "constant", "value": float("nan")}, "must be a duration"),
        ({"mean": 5}, "kind"),
        ("soon", "must be a duration"),
        (True, "valid dictionary"),
    ],
)
def test_wrong_table_is_refused(table: Any, said: str) -> None:
    """A mistake is told with what is wrong."""
    assert said in mistake(table)


BAD_FILES = [
    (b"", "column not found; available columns: none"),
    (b"minutes\n5\n", "column not found; available columns: minutes"),
    (b"seconds\n", "0 values"),
    (b"seconds\n5\nsoon\n", "soon"),
    (b"seconds\n5\n-1\n", "not negative"),
    (b"seconds\n5\nnan\n", "finite"),
    (b"seconds\n5\ninf\n", "finite"),
    (b"who,seconds\na,5\nb\n", "seconds"),
    (b"seconds\n\xff\xfe\n", "cannot read"),
    (b"seconds\n" + b"1\n" * 100_001, "100,001 values"),
    (b"seconds\n" + b"1" * 200_000 + b"\n", "seconds"),
]


@pytest.mark.parametrize(("content", "said"), BAD_FILES, ids=[f"{content[:24]!r}" for content, _ in BAD_FILES])
def test_bad_file_is_a_mistake_that_names_it(tmp_path: Path, content: bytes, said: str) -> None:
    """Whatever is wrong with a file of values is told, with the file's name."""
    message = mistake(measured(tmp_path, content), tmp_path)
    assert said in message
    assert "measured.csv" in message


@pytest.mark.parametrize("csv", ["missing.csv", ".", "no/such/folder.csv", "nul\0.csv"])
def test_file_that_cannot_be_opened_is_a_mistake(tmp_path: Path, csv: str) -> None:
    """A missing file, or a folder, is told with its name."""
    assert csv.strip(".") in mistake({"kind": "empirical", "csv": csv, "column": "seconds"}, tmp_path)


@pytest.mark.parametrize("values", [[float("nan")], [float("inf")], [-5.0, -7.0]])
def test_values_written_into_the_table_are_checked_too(values: list[float]) -> None:
    """Values that stand beside `csv` must be finite and not negative, as those of a file."""
    assert "finite" in mistake({"kind": "empirical", "csv": "x.csv", "column": "seconds", "values": values})


def test_values_are_part_of_the_distribution(tmp_path: Path) -> None:
    """Once read, the file is not needed any more: the distribution can be written down and read back."""
    found = distribution(measured(tmp_path, b"seconds\n7\n3\n"), tmp_path)
    (tmp_path / "measured.csv").unlink()
    assert ADAPTER.validate_json(ADAPTER.dump_json(found)) == found


class Scripted(Draw):
    """A stream that repeats one number."""

    number: float

    def uniform(self) -> float:
        """That number."""
        return self.number


@pytest.mark.parametrize("number", [2.0**-54, 1 - 2.0**-53])
@pytest.mark.parametrize("table", [table for table, *_ in FIGURES])
def test_outermost_draws_give_samples_within_bounds(table: dict[str, Any], number: float) -> None:
    """The least and the greatest number of a stream are no special case."""
    found = distribution(table)
    low, high = found.bounds()
    assert low <= found.sample(Scripted(0, number)) <= high
    assert found.sample(Scripted(0, number)) < float("inf")
