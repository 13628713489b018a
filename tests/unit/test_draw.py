"""Randomness: reproducible, independent of other streams, uniform in the open interval."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from loadtests.model.people.draw import Draw

BITS = 64
MASK = (1 << BITS) - 1

REFERENCE = [0.4344082442881777, 0.920610461834522, 0.20478173979761627]
"""The first numbers of the stream of (7, "reading", 1)."""


def stream(count: int, *key: int | str) -> list[float]:
    """The first numbers of the stream of `key`."""
    draw = Draw.of(*key)
    return [draw.uniform() for _ in range(count)]


def chi_square(values: list[float], bins: int) -> float:
    """How uneven `values` are; for uniform ones about `bins`, with a deviation of sqrt(2 bins)."""
    counts = Counter(int(value * bins) for value in values)
    expected = len(values) / bins
    return sum((counts[bin_] - expected) ** 2 / expected for bin_ in range(bins))


def correlation(first: list[float], second: list[float]) -> float:
    """Of two equally long streams of uniform numbers."""
    return sum((a - 0.5) * (b - 0.5) for a, b in zip(first, second, strict=True)) * 12 / len(first)


def test_same_key_same_stream() -> None:
    """A stream is a function of its key."""
    assert stream(100, 7, "reading", 1) == stream(100, 7, "reading", 1)


def test_stream_is_the_same_on_every_machine() -> None:
    """The figures of one key, written down once: a run can be repeated years later."""
    assert stream(3, 7, "reading", 1) == REFERENCE


def test_draws_of_one_stream_do_not_touch_another() -> None:
    """Drawing from one stream in between leaves the other as it is."""
    mine, other, alone = Draw.of(1, "a"), Draw.of(1, "b"), stream(50, 1, "a")
    mixed = []
    for number in range(50):
        for _ in range(number % 3):
            other.uniform()
        mixed.append(mine.uniform())
    assert mixed == alone


@pytest.mark.parametrize(
    ("first", "second"),
    [((1,), (2,)), ((1,), ("1",)), ((1, 2), (12,)), (("a", "bc"), ("ab", "c")), ((1, "a"), ("a", 1)), ((0,), ())],
)
def test_different_keys_different_streams(first: tuple[int | str, ...], second: tuple[int | str, ...]) -> None:
    """Keys that merely look alike have nothing in common."""
    assert not set(stream(20, *first)) & set(stream(20, *second))


def test_neighbouring_keys_are_uncorrelated() -> None:
    """Persons with successive numbers draw independently: correlation within 4 deviations."""
    streams = [stream(10_000, 11, "reading", number) for number in range(4)]
    for first, second in itertools.combinations(streams, 2):
        assert abs(correlation(first, second)) < 4 / 10_000**0.5


def test_successive_numbers_are_uncorrelated() -> None:
    """A number says nothing about the next one."""
    values = stream(20_001, 3)
    assert abs(correlation(values[:-1], values[1:])) < 4 / 20_000**0.5


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_stream_is_uniform(seed: int) -> None:
    """64,000 numbers fill 64 bins evenly: chi-square within 5 deviations, neither too rough nor too smooth."""
    assert abs(chi_square(stream(64_000, seed), 64) - 64) < 5 * 128**0.5


def test_first_numbers_of_many_keys_are_uniform() -> None:
    """The first choice of 64,000 persons is uniform too."""
    values = [Draw.of(5, "quiet", number).uniform() for number in range(64_000)]
    assert abs(chi_square(values, 64) - 64) < 5 * 128**0.5


def unshift(value: int, by: int) -> int:
    """The x of value = x ^ (x >> by)."""
    found = value
    for _ in range(BITS // by):
        found = value ^ (found >> by)
    return found


def draw_before(output: int) -> Draw:
    """A stream whose next 64 bits are `output` (SplitMix64 is a bijection of its state)."""
    z = unshift(output, 31) * pow(0x94D049BB133111EB, -1, 1 << BITS) & MASK
    z = unshift(z, 27) * pow(0xBF58476D1CE4E5B9, -1, 1 << BITS) & MASK
    draw = Draw.of(0)
    draw._state = (unshift(z, 30) - 0x9E3779B97F4A7C15) & MASK
    return draw


@pytest.mark.parametrize("output", [0, 1, 1 << 11, 1 << 63, MASK - (1 << 11), MASK], ids=hex)
def test_interval_is_open(output: int) -> None:
    """Neither 0 nor 1 comes out, whatever the 64 bits are: logarithms and inverse normals follow."""
    assert 0.0 < draw_before(output).uniform() < 1.0


def test_numbers_follow_the_bits() -> None:
    """The number is the 64 bits read as a fraction."""
    assert [draw_before(eighth << 61).uniform() for eighth in range(8)] == pytest.approx(
        [eighth / 8 for eighth in range(8)], abs=1e-15
    )


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 1.0])
def test_chance_has_its_probability(probability: float) -> None:
    """`chance` is true as often as it says; never for 0, always for 1."""
    draw = Draw.of(9)
    share = sum(draw.chance(probability) for _ in range(20_000)) / 20_000
    assert share == pytest.approx(probability, abs=4 * (probability * (1 - probability) / 20_000) ** 0.5)
