"""The estimates of `streamsoak fit`, on samples whose distribution is known, and on logs written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.model.people.profile import Way
from reports.fit.arrivals import fit_arrivals
from reports.fit.choice import fit_distribution
from reports.fit.departures import CAPPED, OPEN, REAPED, departures
from reports.fit.estimate import rate_of, share_of
from reports.fit.features import Features
from reports.fit.kaplan_meier import kaplan_meier
from reports.fit.keepalive_policy import _interval
from reports.fit.mixture import find_kinds
from reports.fit.observations import read_recording
from reports.fit.sample import Sample
from tests.golden.story import Story

_N = 3000


def _drawn(kind: str, seed: int) -> Any:
    generator = np.random.default_rng(seed)
    return {
        "exponential": lambda: generator.exponential(900, _N),
        "lognormal": lambda: generator.lognormal(np.log(60), 0.8, _N),
        "uniform": lambda: generator.uniform(200, 340, _N),
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "true"),
    [
        ("exponential", {"mean": 900}),
        ("lognormal", {"median": 60, "p95": 60 * np.exp(0.8 * 1.6449)}),
        ("uniform", {"low": 200, "high": 340}),
    ],
)
@pytest.mark.parametrize("is_censored", [False, True])
def test_a_family_comes_back(kind: str, true: dict[str, float], is_censored: bool) -> None:
    """Its parameters are in their intervals, also if a third of the values are censored; another family has a higher AIC."""
    values = _drawn(kind, 2)
    limits = np.random.default_rng(3).uniform(0, 3 * np.median(values), _N) if is_censored else np.full(_N, np.inf)
    fitted = fit_distribution(Sample.of(np.minimum(values, limits), values <= limits))
    assert fitted.kind == kind
    assert min(fitted.aic, key=fitted.aic.__getitem__) == kind
    for name, value in true.items():
        assert fitted.parameters[name].holds(value), name
    assert fitted.ks < 0.04


def test_ignoring_the_censoring_would_be_wrong() -> None:
    """The mean of what was seen to its end is far below the interval."""
    values, limits = _drawn("exponential", 2), np.random.default_rng(3).uniform(0, 1500, _N)
    fitted = fit_distribution(Sample.of(np.minimum(values, limits), values <= limits))
    assert values[values <= limits].mean() < 0.7 * fitted.parameters["mean"].low


def test_one_value_is_constant_and_bounds_are_found() -> None:
    """A constant may have the milliseconds of a network on it; many equal values at the end are a bound."""
    generator = np.random.default_rng(1)
    assert fit_distribution(Sample.of(7 + generator.uniform(0, 0.02, 200))).kind == "constant"
    clamped = fit_distribution(Sample.of(np.minimum(generator.exponential(900, _N), 1800)))
    assert clamped.distribution.at_most == pytest.approx(1800)
    assert clamped.parameters["mean"].holds(900)
    whole = np.maximum(np.round(generator.lognormal(np.log(4), 0.7, _N)), 1)
    rounded = fit_distribution(Sample.of(whole).rounded())
    assert rounded.parameters["median"].holds(4)
    assert rounded.ks < 0.04


def test_nothing_seen_is_an_error() -> None:
    """All values censored: no family can be told."""
    with pytest.raises(ValueError, match="censored"):
        fit_distribution(Sample.of([1.0, 2.0], [False, False]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 1e4), st.booleans()), min_size=2, max_size=60))
def test_any_sample_is_fitted(values: list[tuple[float, bool]]) -> None:
    """Any positive values: a family, finite parameters inside their intervals, a distance between 0 and 1."""
    sample = Sample.of([value for value, _ in values], [seen for _, seen in values])
    if not sample.ended:
        return
    fitted = fit_distribution(sample)
    assert 0 <= fitted.ks <= 1
    for estimate in fitted.parameters.values():
        assert estimate.low <= estimate.value <= estimate.high
        assert np.isfinite(estimate.value)


def test_the_curve_is_that_of_the_book() -> None:
    """Kaplan and Meier's product: 1 − (1 − 1/4) (1 − 1/2) with one of four censored between."""
    curve = kaplan_meier(Sample.of([1.0, 2.0, 3.0, 4.0], [True, False, True, False]))
    assert curve.values.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert curve.share == pytest.approx([0.25, 0.25, 0.625, 0.625])


def test_intervals_of_counts() -> None:
    """Garwood's for ten arrivals in a hundred seconds; Wilson's for none of twenty."""
    rate = rate_of(10, 100.0)
    assert (rate.low, rate.high) == (pytest.approx(0.04795, abs=1e-4), pytest.approx(0.18390, abs=1e-4))
    assert (share_of(0, 20).low, share_of(0, 20).high) == (pytest.approx(0, abs=1e-9), pytest.approx(0.1611, abs=1e-3))


def test_arrivals_that_differ_by_hour() -> None:
    """A quiet hour and a busy one vary; two alike do not. A recording that begins at 10:30 has half of that hour."""
    generator = np.random.default_rng(1)
    busy = np.concatenate([generator.uniform(0, 1800, 50), generator.uniform(1800, 5400, 400)])
    found = fit_arrivals([busy], [(10.5 * 3600, 5400.0)])
    assert [(hour.hour, hour.seconds) for hour in found.hours] == [(10, 1800.0), (11, 3600.0)]
    assert found.varies
    assert found.hours[1].rate.holds(400 / 3600)
    assert not fit_arrivals([np.linspace(1, 7199, 200)], [(0.0, 7200.0)]).varies


def test_jitter_is_the_half_width() -> None:
    """Of gaps between 36 and 44 s."""
    interval, jitter = _interval(np.random.default_rng(1).uniform(36, 44, 4000))
    assert interval.holds(40)
    assert jitter.holds(0.1)


def test_two_kinds_are_told_apart_and_one_is_not() -> None:
    """By a binary feature and a pace; the same people without the difference are one kind."""
    generator = np.random.default_rng(1)
    second = generator.random(600) < 0.3
    for differs in (True, False):
        odds = np.where(second & differs, 0.9, 0.1)
        ended = np.column_stack(
            [generator.binomial(12, odds), generator.binomial(9, 1 - odds), generator.binomial(5, 0.5, 600)]
        )
        reached = np.tile([12.0, 9.0, 5.0], (600, 1))
        kinds = find_kinds(Features(np.arange(600.0), reached, ended.astype(float), ("pace", "silence", "way")), 1)
        assert kinds.kind_of_each.max() == int(differs)
        if differs:
            assert (kinds.kind_of_each == second).mean() > 0.99
            assert set(kinds.separates) == {"pace", "silence"}


def _visit(story: Story, session: int, t: float, tasks: int = 5) -> float:
    story.call(session, "new", t, value=60.0, detail=f"id-{session}")
    story.call(session, "start", t + 0.1)
    for number in range(tasks):
        story.call(session, "task", t + 5 + 10 * number, value=2.0)
    return t + 5 + 10 * (tasks - 1)


def test_ways_of_leaving_are_those_of_the_calls(tmp_path: Path) -> None:
    """A log of calls alone: no note of a person, no list polled."""
    story = Story("client")
    expected: dict[int, tuple[str, str]] = {}
    for session in range(1, 21):
        last = _visit(story, session, 3 * session)
        story.call(session, "stop", last + 8)
        expected[session] = Way.CLOSE.value, ""
    for session in range(21, 31):
        _visit(story, session, 3 * session)
        expected[session] = Way.ABANDON.value, ""
    for session in range(31, 41):
        _visit(story, session, 3 * session, tasks=0)
        expected[session] = Way.IMPATIENT.value, ""
    last = _visit(story, 41, 10)
    story.call(41, "task", last + 10, outcome="unknown", reason="cut")
    expected[41] = Way.CRASH.value, ""
    last = _visit(story, 42, 20)
    for tick in range(1, 60):
        story.call(42, "keep_alive", last + 30 * tick)
    expected[42] = Way.ZOMBIE.value, ""
    last = _visit(story, 43, 20)
    story.note(43, "vanished", last + 60, last + 60)
    story.call(43, "task", last + 70, outcome="fail", reason="session-not-found")
    expected[43] = "", REAPED
    last = _visit(story, 44, 1950)
    expected[44] = "", OPEN
    story.note(45, "cap", 30, 45.0)
    last = _visit(story, 45, 30)
    story.note(45, "vanished", 75, 75.0)
    expected[45] = "", CAPPED
    recording = read_recording(story.write(tmp_path / "log", load_ended=2000.0))
    table = departures(recording.sessions, recording.beats, recording.seconds).table.set_index("session")
    assert {number: (row["way"], row["why"]) for number, row in table.iterrows()} == expected
    assert table.loc[1, "length"] == pytest.approx(53, abs=0.1)
    # Mean age of gaps of 10 s: about half of one.
    assert 45 < table.loc[21, "length"] < 53
    assert not table.loc[44, "seen"]
