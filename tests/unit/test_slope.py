"""Growth of a figure over a soak: what is flat, and what is not."""

from __future__ import annotations

import random

import pytest

from tests.soak.slope import slope


def _points(per_hour: float, noise: float, hours: float = 2.0, mean: float = 100.0) -> list[tuple[float, float]]:
    """A sample every ten seconds."""
    draw = random.Random(7)
    return [(t, mean + per_hour * t / 3600 + draw.gauss(0, noise)) for t in range(0, int(hours * 3600), 10)]


def test_growth_is_found_in_noise() -> None:
    """Five per cent an hour, in noise of the same size; the interval has the truth."""
    found = slope(_points(5.0, 5.0))
    assert found.low < 5.0 < found.high
    assert not found.is_flat


@pytest.mark.parametrize("noise", [0.0, 5.0])
def test_what_does_not_grow_is_flat(noise: float) -> None:
    """With noise, and without any: a number of threads."""
    assert slope(_points(0.0, noise)).is_flat


def test_growth_of_less_than_a_hundredth_an_hour_is_flat() -> None:
    """However surely it is measured."""
    assert slope(_points(0.5, 0.01)).is_flat
    assert not slope(_points(1.5, 0.01)).is_flat


def test_two_blocks_have_no_slope() -> None:
    """A line through two points has no interval."""
    with pytest.raises(ValueError, match="2 blocks"):
        slope(_points(0.0, 0.0, hours=1 / 7))
