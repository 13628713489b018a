"""Two of the random moments of `make torture`, for each victim."""

from __future__ import annotations

from pathlib import Path

import pytest

from .torture import VICTIMS, torture

pytestmark = pytest.mark.faults


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [1, pytest.param(4, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("victim", VICTIMS)
def test_kill_at_a_random_moment_leaves_nothing_and_loses_nothing(victim: str, seed: int, tmp_path: Path) -> None:
    """Nothing with a known id is open after the sweep, what was acknowledged is there, and the run does not pass."""
    figures = torture(victim, seed, tmp_path)
    assert (figures.left_open, figures.lost, figures.false_passes) == ([], [], [])
    assert figures.opened > 0
    assert figures.acknowledged > 0
