"""The block bootstrap covers what it says, also where neighbouring moments are not independent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.gates.compared import Better, Tolerances
from loadtests.model.maths.histogram import LOG_RATIO
from reports.compare.bootstrap import CELLS, LENGTHS, Values, interval, student, weights
from reports.compare.comparison import compare_figures, judge
from reports.compare.figures import FINEST, Measure, Percentile, ShareFigure, seconds_of

_PAIRS = 400
_ROUNDS = [weights(length, 1) for length in LENGTHS]


def noise(draw: np.random.Generator, correlation: float) -> Values:
    """A run's cells: each is `correlation` like the one before (AR(1)), after it has settled."""
    own = draw.normal(size=CELLS + 100)
    for i in range(1, len(own)):
        own[i] += correlation * own[i - 1]
    return own[100:]


def told_apart(correlation: float, shift: float) -> float:
    """In what share of pairs of runs of one process, of which one is shifted, a change is told."""
    draw = np.random.default_rng(20261125)
    told = 0
    for _ in range(_PAIRS):
        base, run = noise(draw, correlation), noise(draw, correlation) + shift
        found = interval(float(run.mean() - base.mean()), *(rounds @ (run - base) / CELLS for rounds in _ROUNDS))
        told += judge(found, Better.NEITHER, None) == "changed"
    return told / _PAIRS


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.7])
def test_two_runs_of_one_process_are_noise(correlation: float) -> None:
    """In about 95 % of the cases; as if cells were independent it would be 50 % at a correlation of 0.7."""
    assert 0.01 <= told_apart(correlation, 0.0) <= 0.085


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_a_real_shift_is_found(correlation: float) -> None:
    """Of six standard errors of the true difference of the means."""
    error = np.sqrt(2 / CELLS) / (1 - correlation)
    assert told_apart(correlation, 6 * error) > 0.95


def test_what_both_runs_have_in_common_is_no_noise() -> None:
    """Stages move a figure a hundred times as far as its noise, in both runs alike: a shift of the noise's size is found."""
    draw = np.random.default_rng(1)
    course = np.repeat([0.0, 100.0, 10.0], CELLS // 3)
    base, run = course + noise(draw, 0.0), course + noise(draw, 0.0) + 1.0
    found = interval(float(run.mean() - base.mean()), *(rounds @ (run - base) / CELLS for rounds in _ROUNDS))
    assert judge(found, Better.LOWER, 0.1) == "regression"
    assert judge(found, Better.LOWER, 10.0) == "worse"
    assert judge(found, Better.HIGHER, 0.1) == "better"


@pytest.mark.parametrize(
    ("p", "freedom", "t"), [(0.975, 9, 2.262), (0.995, 9, 3.250), (0.975, 30, 2.042), (0.9995, 9, 4.781)]
)
def test_students_quantiles_are_those_of_the_tables(p: float, freedom: int, t: float) -> None:
    """To a hundredth."""
    assert student(p, freedom) == pytest.approx(t, abs=0.01)


def test_each_round_has_as_many_cells_as_the_run() -> None:
    """And the same seed gives the same rounds, another one others."""
    for length in LENGTHS:
        assert set(weights(length, 7).sum(axis=1)) == {CELLS}
        assert (weights(length, 7) == weights(length, 7)).all()
        assert (weights(length, 7) != weights(length, 8)).any()


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=200), st.sampled_from([0.01, 0.5, 0.95, 0.99]))
def test_a_percentile_out_of_buckets_is_within_two_percent(values: list[float], share: float) -> None:
    """Of the value that numpy's inverted distribution has there, negative margins too."""
    array = np.array(values)
    buckets = np.floor(np.sign(array) * np.log1p(np.abs(array) / FINEST) / LOG_RATIO).astype(int)
    first = int(buckets.min())
    counts = np.zeros((CELLS, int(buckets.max()) - first + 1))
    for number, bucket in enumerate(buckets):
        counts[number % CELLS, bucket - first] += 1
    (found,) = Percentile(counts, first, share).values(np.ones((1, CELLS)))
    exact = float(np.quantile(array, share, method="inverted_cdf"))
    assert found == pytest.approx(exact, rel=0.0201, abs=3 * FINEST)


@given(st.floats(-1e4, 1e4))
def test_buckets_and_seconds_are_each_others_inverse(seconds: float) -> None:
    """As exact as floats are."""
    bucket = np.sign(seconds) * np.log1p(abs(seconds) / FINEST) / LOG_RATIO
    assert float(seconds_of(np.float64(bucket))) == pytest.approx(seconds, rel=1e-9, abs=1e-9)


def _all(measure: Measure) -> dict[str, Measure]:
    from loadtests.model.gates.compared import COMPARED

    nothing = ShareFigure(np.zeros(CELLS), np.zeros(CELLS))
    return {**dict.fromkeys(COMPARED, nothing), "calls.failed_share": measure}


def test_a_share_that_only_one_run_has_cannot_be_told() -> None:
    """And what neither has is not told of."""
    some, none = ShareFigure(np.ones(CELLS), np.full(CELLS, 10.0)), ShareFigure(np.zeros(CELLS), np.zeros(CELLS))
    (change,) = compare_figures(_all(some), _all(none), Tolerances(), 1)
    assert (change.judged, change.why) == ("unknown", "not measured in RUN")
    assert compare_figures(_all(none), _all(none), Tolerances(), 1) == []


def test_what_was_measured_in_a_few_cells_only_cannot_be_told() -> None:
    """One cell of 120 is in fewer than half of the rounds' blocks together with one of the other run's."""
    one, other = np.zeros(CELLS), np.zeros(CELLS)
    one[3], other[70] = 50.0, 50.0
    (change,) = compare_figures(_all(ShareFigure(one / 2, one)), _all(ShareFigure(other / 3, other)), Tolerances(), 1)
    assert change.judged == "unknown"
    assert "too few blocks" in change.why
