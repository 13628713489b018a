"""Lost answers are found by created_at although the API's clock is off."""

from __future__ import annotations

from pathlib import Path

import pytest

from .story import STARTED, Story


@pytest.mark.parametrize("offset", [0.0, 5.0, -5.0, 3600.0, -3600.0])
def test_a_clock_that_is_off_hides_no_lost_answer(tmp_path: Path, offset: float) -> None:
    """Three sessions of ours tell the offset; the foreign session was created while a new was awaited."""
    story = Story().looks(60)
    for number in range(1, 4):
        story.opens(number, float(number), 300.0)
        story.note(number, "seen", number + 0.5, number + 0.49, f"{STARTED + int(number + offset):.3f}")
    story.call(9, "new", 20.0, outcome="unknown", took=3.0, value=30.0, reason="timeout", status=0)
    story.note(0, "stranger", 21.5, STARTED + int(20.5 + offset), "lost")
    # Created long before, and first listed only now: somebody else's.
    story.note(0, "stranger", 21.5, STARTED + int(2 + offset), "other")
    sessions = story.analysed(tmp_path).sessions
    assert list(sessions.loc[sessions["way"] == "lost-answer", "id"]) == ["lost"]
