"""Counts, shares and ranges in words."""

from __future__ import annotations

import pytest

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, count, of_total, percent, verb, were


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
