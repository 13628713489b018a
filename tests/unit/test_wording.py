"""Counts, shares and ranges in words."""

from __future__ import annotations

import pytest

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import (
    between,
    change,
    count,
    decimal,
    during,
    listed,
    of_total,
    percent,
    verb,
    were,
)


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 sessions"), (1, "1 session"), (2, "2 sessions"), (27261, "27,261 sessions")]
)
def test_count(number: int, text: str) -> None:
    """One is singular, everything else plural; thousands are separated."""
    assert count(number, "session") == text


def test_irregular_plural() -> None:
    """A noun may bring its own plural."""
    assert count(1, "query", "queries") == "1 query"
    assert count(2, "query", "queries") == "2 queries"


def test_of_total() -> None:
    """The noun follows the whole."""
    assert of_total(9, 27261, "session") == "9 of 27,261 sessions"
    assert of_total(1, 1, "session") == "1 of 1 session"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (1 / 3, "33 %"),
        (0.099, "9.9 %"),
        (0.01, "1.0 %"),
        (9 / 27261, "0.03 %"),
        (0.00001, "<0.01 %"),
        (0.994, "99 %"),
        (0.998, "99.8 %"),
        (0.9995, ">99.9 %"),
    ],
)
def test_percent(share: float, text: str) -> None:
    """Only none and all read as exact."""
    assert percent(share) == text


def test_between() -> None:
    """A range of one value is that value."""
    assert between(30, 30, format_duration) == "30 s"
    assert between(2, 3, format_duration) == "2 s to 3 s"


def test_verb() -> None:
    """Only one takes the singular."""
    assert [verb(n, "was", "were") for n in (0, 1, 2)] == ["were", "was", "were"]


def test_were() -> None:
    """Count and verb agree."""
    assert were(1, "session") == "1 session was"
    assert were(2, "session") == "2 sessions were"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.51, "+51 %"), (-0.031, "−3.1 %"), (0.0, "0 %"), (-0.00001, "0 %"), (12.5, "+1,250 %"), (1.0, "+100 %")],
)
def test_change(share: float, text: str) -> None:
    """With its sign; none where it rounds to none."""
    assert change(share) == text


@pytest.mark.parametrize(("value", "text"), [(18.49, "18.5"), (1234, "1,234.0"), (-0.04, "0.0"), (-0.06, "-0.1")])
def test_decimal(value: float, text: str) -> None:
    """There is no minus zero."""
    assert decimal(value) == text


def test_listed() -> None:
    """Thousands are separated here, too."""
    assert listed([(1203, "new"), (1, "stop")]) == "1,203 new, 1 stop"
    assert listed([]) == ""


def test_during() -> None:
    """A period within one second is a moment."""
    assert during(12.2, 12.9) == "at 00:12"
    assert during(12.2, 3905) == "from 00:12 to 1:05:05"


@pytest.mark.parametrize(("seconds", "text"), [(-0.0, "0 ms"), (-1e-9, "0 ms"), (1e-9, "0 ms"), (-0.02, "−20 ms")])
def test_a_duration_of_nothing_has_no_sign(seconds: float, text: str) -> None:
    """What rounds to nothing is none."""
    assert format_duration(seconds) == text
