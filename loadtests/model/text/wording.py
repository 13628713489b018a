"""Formats counts, shares, ranges and lists: the only place that chooses a plural or writes a percentage."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from loadtests.model.text.units import format_clock


def count(number: int, noun: str, plural: str = "") -> str:
    """`number` with its noun: "1 session", "2,548 sessions", "1 query", "2 queries" (with `plural="queries"`)."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def result_word(result: str) -> str:
    """The result of a gate or a verdict as a person reads it: "unknown" is "inconclusive"."""
    return "inconclusive" if result == "unknown" else result


def of_total(part: int, whole: int, noun: str, plural: str = "") -> str:
    """A part of a whole: "9 of 27,261 sessions"; the noun follows the whole."""
    return f"{part:,} of {count(whole, noun, plural)}"


def percent(share: float) -> str:
    """A share, 0 to 1, as a percentage of two digits: "33 %", "0.03 %"; "0 %" and "100 %" are exact.

    A share just below 1 reads ">99.9 %" and one just above 0 "<0.01 %", so that neither looks exact.
    """
    if share in (0.0, 1.0):
        return f"{share * 100:.0f} %"
    if share > 0.999:
        return ">99.9 %"
    if 0 < share < 0.0001:
        return "<0.01 %"
    if 0.995 <= share <= 0.999:
        return f"{share * 100:.1f} %"
    digits = 0 if share >= 0.0995 else 1 if share >= 0.00995 else 2
    return f"{share * 100:.{digits}f} %"


def change(share: float) -> str:
    """A change as a percentage with its sign: "+51 %", "−3.1 %"; "0 %" where it rounds to none."""
    if abs(share) < 0.00005:
        return "0 %"
    return f"{'+' if share > 0 else '−'}{percent(abs(share)) if abs(share) < 0.995 else f'{abs(share) * 100:,.0f} %'}"


def decimal(value: float) -> str:
    """A figure with one decimal place: "18.5", "1,234.0"; never "-0.0"."""
    return f"{round(value, 1) + 0.0:,.1f}"


def listed(counts: Iterable[tuple[int, str]]) -> str:
    """How many of each: "1,203 new, 1 stop"."""
    return ", ".join(f"{number:,} {what}" for number, what in counts)


def during(low: float, high: float) -> str:
    """A time of the run, in seconds: "from 00:12 to 1:05:00"; "at 00:12" where it begins and ends in the same second."""
    first, last = format_clock(low), format_clock(high)
    return f"at {first}" if first == last else f"from {first} to {last}"


def between(low: float, high: float, text: Callable[[float], str]) -> str:
    """A range, each end written by `text`: "2 s to 3 s"; one value where both ends read alike: "30 s"."""
    first, last = text(low), text(high)
    return first if first == last else f"{first} to {last}"


def verb(number: int, singular: str, plural: str) -> str:
    """The verb's form that goes with `number`: `verb(1, "was", "were")` is "was"."""
    return singular if number == 1 else plural


def were(number: int, noun: str, plural: str = "") -> str:
    """The count with its verb: "1 session was", "2 sessions were"."""
    return f"{count(number, noun, plural)} {verb(number, 'was', 'were')}"
