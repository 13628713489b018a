"""Tolerances of a comparison: as people write them in a scenario, each mistake told."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.model.gates.compared import COMPARED, Better, Tolerance, Tolerances
from loadtests.model.gates.gates import FIGURES
from loadtests.model.run.scenario import Scenario, load_scenario
from loadtests.model.text.input_error import InputError

_SCENARIO = """
[[stages]]
duration = "1m"
load = { someone = "1/min" }

[profiles.someone]
session_length = "10s"

[compare]
"""


def scenario(folder: Path, table: str) -> Scenario:
    """One whose `[compare]` holds `table`."""
    path = folder / "mine.toml"
    path.write_text(_SCENARIO + table, encoding="utf-8")
    return load_scenario(path, ())


@pytest.mark.parametrize(
    ("text", "base", "allowed"),
    [("10%", 2.0, 0.2), ("50ms", 2.0, 0.05), (0.25, 2.0, 0.25), ("0%", 2.0, 0.0), ("2.5%", -4.0, 0.1)],
)
def test_a_tolerance_is_a_share_of_the_base_or_an_amount(text: str | float, base: float, allowed: float) -> None:
    """And a figure below zero has the tolerance of one above."""
    assert Tolerance.model_validate(text).of(base) == pytest.approx(allowed)


def test_a_scenario_says_what_is_tolerated(tmp_path: Path) -> None:
    """For all figures, and for one; it comes back whole from the manifest's JSON."""
    text = 'worse = "20%"\nfigures = { "latency.new.p99" = "50ms", "slots.held" = 1 }'
    told = scenario(tmp_path, text.replace(', "slots.held" = 1', "")).compare
    assert told.allowed("latency.new.p99", 1.0) == pytest.approx(0.05)
    assert told.allowed("latency.task.p99", 1.0) == pytest.approx(0.2)
    assert Tolerances.model_validate_json(told.model_dump_json()) == told


def test_what_matters_to_nobody_is_tolerated_unless_a_figure_says_else() -> None:
    """A tenth of one millisecond is no regression, where no more is said."""
    assert Tolerances().allowed("latency.new.p50", 0.001) == pytest.approx(0.005)
    strict = Tolerances.model_validate({"figures": {"latency.new.p50": "10%"}})
    assert strict.allowed("latency.new.p50", 0.001) == pytest.approx(0.0001)


@pytest.mark.parametrize(
    ("table", "path", "says"),
    [
        ('worse = "much"', "compare.worse", "'10%'"),
        ('worse = "5ms"', "compare.worse", "must be a share"),
        ('worse = "-5%"', "compare.worse", "must be a tolerance"),
        ("worse = -1", "compare.worse", "must be 0 or more"),
        ("worse = true", "compare.worse", "must be a tolerance"),
        ('figures = { "latency.nwe.p99" = "5%" }', "compare.figures", "did you mean 'latency.new.p99'?"),
        ('figures = { "slots.held" = "5%" }', "compare.figures", "neither better nor worse"),
        ('tolerance = "5%"', "compare.tolerance", "is not a known key"),
    ],
)
def test_a_mistake_is_told_with_its_key(tmp_path: Path, table: str, path: str, says: str) -> None:
    """As every other mistake in a scenario."""
    with pytest.raises(InputError) as told:
        scenario(tmp_path, table)
    assert path in str(told.value)
    assert says in str(told.value)


def test_figures_that_summary_json_has_are_measured_in_the_same_unit() -> None:
    """One name, one meaning."""
    both = COMPARED.keys() & FIGURES.keys()
    assert len(both) > 10
    assert {name: COMPARED[name].unit for name in both} == {name: FIGURES[name] for name in both}


def test_more_to_spare_is_better() -> None:
    """Of everything else that is judged, less is."""
    higher = {name for name, about in COMPARED.items() if about.better is Better.HIGHER}
    assert higher == {"keep_alive.margin.p1"}
