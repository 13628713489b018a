"""Durations and rates as people write and read them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from loadtests.model.text.units import Rate, Seconds, format_duration, parse_duration, parse_rate


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("250ms", 0.25),
        ("5m", 300.0),
        ("5min", 300.0),
        ("1.5m", 90.0),
        ("2h", 7200.0),
        ("1d", 86400.0),
        ("1h30m", 5400.0),
        ("1m500ms", 60.5),
        ("1 min 35 s", 95.0),
        (" 3s ", 3.0),
        ("0s", 0.0),
        (12, 12.0),
        (0.5, 0.5),
    ],
)
def test_duration(text: Any, seconds: float) -> None:
    """Each unit, their sums, and a bare number of seconds."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "s", "5", "5  s", "-5s", "5x", "1m30", "1,5m", ".5s", "5S", "1e3s", "soon", True, None, [5], {"s": 5}]
)
def test_what_is_no_duration(text: Any) -> None:
    """Anything else is refused with an example of what would be right."""
    with pytest.raises(ValueError, match="'90s', '250ms', '5m', '1h30m'"):
        parse_duration(text)


@pytest.mark.parametrize("digits", [400, 4000])
def test_endless_number_is_refused_as_any_other_mistake(digits: int) -> None:
    """A number beyond all measure is a mistake of the user's, not an error of ours."""
    with pytest.raises(ValidationError):
        TypeAdapter(Seconds).validate_python(10**digits)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("30/min", 0.5), ("30/m", 0.5), ("2/s", 2.0), ("400/h", 1 / 9), (" 1.5 / min ", 0.025), ("0/s", 0.0)],
)
def test_rate(text: str, rate: float) -> None:
    """Events a second, a minute and an hour."""
    assert parse_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["", "30", "/min", "30/", "-1/s", "30/d", "30 per min", "30min", 30, 0.5, True, None])
def test_what_is_no_rate(text: Any) -> None:
    """Anything else is refused with an example; a bare number has no unit of time."""
    with pytest.raises(ValueError, match="'30/min', '2/s' or '400/h'"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "0 ms"),
        (0.0042, "4.2 ms"),
        (0.25, "250 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (1.0, "1 s"),
        (3.2, "3.2 s"),
        (59.4, "59.4 s"),
        (60.0, "1 min"),
        (125.0, "2 min 5 s"),
        (3599.6, "1 h"),
        (3600.0, "1 h"),
        (5400.0, "1 h 30 min"),
        (5405.0, "1 h 30 min"),
        (90_000.0, "25 h"),
        (-3.2, "−3.2 s"),
        (-125.0, "−2 min 5 s"),
    ],
)
def test_duration_is_said_as_people_say_it(seconds: float, said: str) -> None:
    """Milliseconds, seconds, minutes or hours, whichever is readable; never an exponent."""
    assert format_duration(seconds) == said


@pytest.mark.parametrize(("value", "seconds"), [("5m", 300.0), (5, 5.0), (2.5, 2.5)])
def test_field_of_seconds(value: Any, seconds: float) -> None:
    """A field of seconds takes a number or a text."""
    assert TypeAdapter(Seconds).validate_python(value) == seconds


@pytest.mark.parametrize("value", ["soon", True, [5], None])
def test_field_of_seconds_refuses(value: Any) -> None:
    """And nothing else."""
    with pytest.raises(ValidationError):
        TypeAdapter(Seconds).validate_python(value)


def test_field_of_a_rate() -> None:
    """A rate that was read is read back from JSON."""
    adapter = TypeAdapter(Rate)
    assert adapter.validate_json(adapter.dump_json(adapter.validate_python("30/min"))) == 0.5
