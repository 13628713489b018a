"""Distributions of any parameters: bounds respected, one draw a sample, nothing lost in the manifest."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from loadtests.model.people.distribution import Distribution
from loadtests.model.people.draw import Draw

ADAPTER: TypeAdapter[Any] = TypeAdapter(Distribution)

AMOUNTS = st.floats(0, 1e6)
POSITIVE = st.floats(1e-3, 1e6)
SEEDS = st.integers(0, 2**63)


def in_order(low: str, high: str, amounts: st.SearchStrategy[float]) -> st.SearchStrategy[dict[str, Any]]:
    """Two parameters of which the first is not above the second."""
    return st.tuples(amounts, amounts).map(sorted).map(lambda pair: {low: pair[0], high: pair[1]})


def of_kind(kind: str, parameters: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Tables of that kind, some with bounds."""
    bounds = in_order("at_least", "at_most", AMOUNTS)
    some = bounds | st.just({}) | bounds.map(lambda both: {"at_least": both["at_least"]})
    return st.builds(lambda table, bound: {"kind": kind, **table, **bound}, parameters, some)


UNBOUNDED_KINDS = of_kind("exponential", st.builds(lambda mean: {"mean": mean}, POSITIVE)) | of_kind(
    "lognormal", in_order("median", "p95", POSITIVE)
)
VALUES = st.lists(AMOUNTS, min_size=1, max_size=20)
TABLES = (
    UNBOUNDED_KINDS
    | of_kind("constant", st.builds(lambda value: {"value": value}, AMOUNTS))
    | of_kind("uniform", in_order("low", "high", AMOUNTS))
    | of_kind("empirical", st.builds(lambda values: {"csv": "x.csv", "column": "s", "values": values}, VALUES))
)


@given(TABLES, SEEDS)
def test_samples_lie_within_the_bounds(table: dict[str, Any], seed: int) -> None:
    """Each sample lies within `bounds()`, and these within at_least and at_most."""
    found, draw = ADAPTER.validate_python(table), Draw.of(seed)
    low, high = found.bounds()
    assert table.get("at_least", 0.0) <= low <= high <= table.get("at_most", float("inf"))
    # An interpolation may round up by one unit in the last place.
    assert all(low <= found.sample(draw) <= high * (1 + 2**-52) for _ in range(20))


@given(TABLES, SEEDS)
def test_each_sample_takes_one_draw(table: dict[str, Any], seed: int) -> None:
    """After n samples the stream is where n draws leave it."""
    found, sampled, drawn = ADAPTER.validate_python(table), Draw.of(seed), Draw.of(seed)
    for _ in range(5):
        found.sample(sampled)
        drawn.uniform()
    assert sampled.uniform() == drawn.uniform()


@given(TABLES)
def test_distribution_survives_json(table: dict[str, Any]) -> None:
    """What is written into a manifest is read back equal."""
    found = ADAPTER.validate_python(table)
    assert ADAPTER.validate_json(ADAPTER.dump_json(found)) == found


@given(TABLES, SEEDS)
def test_samples_are_reproducible(table: dict[str, Any], seed: int) -> None:
    """The same stream gives the same samples."""
    found, again = ADAPTER.validate_python(table), ADAPTER.validate_python(table)
    first, second = Draw.of(seed), Draw.of(seed)
    assert [found.sample(first) for _ in range(5)] == [again.sample(second) for _ in range(5)]
