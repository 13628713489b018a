"""Formats counts, shares and ranges: the only place that chooses a plural or writes a percentage."""

from __future__ import annotations

from collections.abc import Callable


def count(number: int, noun: str, plural: str = "") -> str:
    """`number` with its noun: "1 session", "2,548 sessions", "1 query", "2 queries" (with `plural="queries"`)."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def of_total(part: int, whole: int, noun: str, plural: str = "") -> str:
    """A part of a whole: "9 of 27,261 sessions"; the noun follows the whole."""
    return f"{part:,} of {count(whole, noun, plural)}"


def percent(share: float) -> str:
    """A share, 0 to 1, as a percentage of two significant digits: "33 %", "0.03 %"; "0 %" and "100 %" are exact.

    A share just below 1 reads ">99.9 %" and one just above 0 "<0.01 %", so that neither looks exact.
    """
    if share in (0.0, 1.0):
        return f"{share * 100:.0f} %"
    if share > 0.999:
        return ">99.9 %"
    if 0 < share < 0.0001:
        return "<0.01 %"
    digits = 0 if share >= 0.0995 else 1 if share >= 0.00995 else 2
    return f"{share * 100:.{digits}f} %"


def between(low: float, high: float, text: Callable[[float], str]) -> str:
    """A range, each end written by `text`: "2 s to 3 s"; one value where both ends read alike: "30 s"."""
    first, last = text(low), text(high)
    return first if first == last else f"{first} to {last}"


def verb(number: int, singular: str, plural: str) -> str:
    """The verb's form that goes with `number`: `verb(1, "was", "were")` is "was"."""
    return singular if number == 1 else plural


def were(number: int, noun: str) -> str:
    """The count with its verb: "1 session was", "2 sessions were"."""
    return f"{count(number, noun)} {verb(number, 'was', 'were')}"
