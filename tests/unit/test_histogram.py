"""Percentiles while a run goes on: exact to 2 %, never too low."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.maths.histogram import Histogram


def histogram(values: list[float]) -> Histogram:
    """A histogram of `values`."""
    found = Histogram()
    for value in values:
        found.add(value)
    return found


def exact(values: list[float], share: float) -> float:
    """The least of `values` that `share` of them do not exceed."""
    return sorted(values)[max(math.ceil(round(share * len(values), 9)) - 1, 0)]


VALUES = st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=200)
SHARES = st.sampled_from([0.0, 0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 1.0])


@given(VALUES, SHARES)
def test_percentile_is_at_most_two_percent_too_high(values: list[float], share: float) -> None:
    """The percentile lies between the exact one and 2 % above it."""
    found, right = histogram(values).percentile(share), exact(values, share)
    assert found is not None
    assert right * (1 - 1e-9) <= found <= right * 1.02 * (1 + 1e-9)


@given(VALUES, SHARES)
def test_order_of_values_does_not_matter(values: list[float], share: float) -> None:
    """The same values in another order give the same percentile."""
    assert histogram(values).percentile(share) == histogram(sorted(values)).percentile(share)


@pytest.mark.parametrize("percent", range(1, 101))
def test_each_percentile_of_a_hundred_values(percent: int) -> None:
    """Of a hundred values the n-th percentile is the n-th, for each n."""
    values = [1.1**number for number in range(100)]
    assert histogram(values).percentile(percent / 100) == pytest.approx(values[percent - 1], rel=0.021)


def test_no_values_no_percentile() -> None:
    """Nothing measured is unknown."""
    assert Histogram().percentile(0.5) is None


@pytest.mark.parametrize("value", [0.0, 1e-9, -1.0])
def test_least_value(value: float) -> None:
    """What is below a millionth counts as a millionth."""
    assert histogram([value]).percentile(1.0) == pytest.approx(1e-6, rel=0.021)


def test_count() -> None:
    """Each value counts once, until all are cleared."""
    found = histogram([1.0, 1.0, 2.0])
    assert found.count == 3
    found.clear()
    assert (found.count, found.percentile(0.5)) == (0, None)
    found.add(7.0)
    assert (found.count, found.percentile(0.5)) == (1, pytest.approx(7.0, rel=0.021))


def test_counts_up_to_each_bound_and_of_all() -> None:
    """As Prometheus has its histograms: cumulative, and what is later than all bounds in the last."""
    histogram = Histogram()
    histogram.add_all(np.array([0.0005, 0.002, 0.002, 0.3, 9.0]))
    assert histogram.cumulative((0.001, 0.01, 1.0)) == [1, 3, 4, 5]
