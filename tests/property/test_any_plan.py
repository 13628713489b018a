"""Whatever an event log holds: a plan is made or says why not, its figures are possible, and it keeps what it promises."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.plan.build import figures
from reports.plan.plan import CapacityPlan, PlanOptions
from reports.plan.planning import build_plan
from reports.plan.prediction.expected import Changes
from reports.plan.sentences import sentences
from tests.golden.story import Story

from .test_any_log import _rows


@settings(max_examples=5, derandomize=True)
@given(story=_rows(), limit=st.sampled_from([None, 1, 3]))
def test_a_plan_of_any_log_keeps_its_promise(story: Story, limit: int | None) -> None:
    """The recommended figures, asked for, refuse no more than was said; no figure is infinite or unknown without a reason."""
    with tempfile.TemporaryDirectory() as folder:
        run = story.write(Path(folder) / "run", limit=limit)
        plan = build_plan([run], PlanOptions())
        assert all(sentences(plan))
        found = plan.recommended
        if found is None:
            assert plan.unknown or not plan.timeout.recommended
            return
        assert "Infinity" not in str(figures(plan))
        changes = Changes(found.limit, idle_timeout=found.idle_timeout, keep_alive=found.keep_alive)
        _keeps(plan, build_plan([run], PlanOptions(changes=changes)))


def _keeps(plan: CapacityPlan, again: CapacityPlan) -> None:
    found = plan.recommended
    assert found
    assert again.asked
    assert again.asked.answer.refused == found.refused <= found.target
    assert again.asked.answer.slots["0.01"] == found.limit
    assert again.recommended == found
