"""Memory does not grow with the sessions of a run: half an hour in virtual time, and what is kept for each session that ended.

A leak whose end no list shows is kept on purpose: the end of the run closes it.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from loadtests.defects.catalogue import parse_defects
from loadtests.model.api.rules import Terms
from loadtests.model.log.record import Row
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import load_scenario
from loadtests.model.session.ending import DrainBounds
from loadtests.scenarios.catalogue import folders
from loadtests.simulation.simulator import Simulator

SECONDS = 1800.0
MOST_BYTES = 40
"""For each session that has ended; an id alone takes 85."""
SCENARIO = """
limit = 60
[[stages]]
duration = "30m"
load = { passer = "120/min" }
[profiles.passer]
session_length = { kind = "uniform", low = 5, high = 30 }
idle_timeout = 30
turns = { words = 4, thinking = 3 }
keep_alive = { when = "always", fraction = 0.5 }
"""


class Samples:
    """Discards rows, and samples the memory of the process each ten seconds of the run."""

    def __init__(self) -> None:
        self.append: Callable[[Row], None] = lambda row: None
        self.sizes: list[int] = []
        self._seconds = 0

    def flush_if_full(self) -> None:
        """Called each second of the run."""
        self._seconds += 1
        if self._seconds % 10 == 0:
            self.sizes.append(tracemalloc.get_traced_memory()[0])

    def flush(self) -> None:
        """Called at the end."""


def _slope(sizes: list[int]) -> tuple[float, float]:
    """Returns the growth in bytes a second, and half of its 95 % interval, after the first fifth of the run."""
    t = np.arange(len(sizes)) * 10.0
    t, y = t[len(t) // 5 :], np.array(sizes, dtype=float)[len(sizes) // 5 :]
    centred = t - t.mean()
    slope = float(centred @ y / (centred @ centred))
    rest = y - y.mean() - slope * centred
    return slope, 1.96 * float(np.sqrt(rest @ rest / (len(t) - 2) / (centred @ centred)))


@pytest.mark.parametrize(
    ("poll", "defects"),
    [(1.0, ()), (0.0, ()), (1.0, ("list-partial=1",)), (1.0, ("lost-answer=1",)), (1.0, ("fail-new=1",))],
    ids=["a list", "no list", "a list that cannot be read", "only lost answers", "only refusals"],
)
def test_memory_is_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, poll: float, defects: tuple[str, ...]) -> None:
    """Over three thousand sessions or attempts; the lower end of the interval is compared, so that noise fails nothing."""
    # The API remembers closed sessions; that is its memory, and bounded elsewhere.
    monkeypatch.setattr("loadtests.simulation.simulator.Terms", partial(Terms, remembered=100))
    file = tmp_path / "memory.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    scenario = load_scenario(file, folders())
    samples = Samples()
    simulator = Simulator(LoadPlan(scenario), scenario.limit, 1, samples, parse_defects(defects))
    tracemalloc.start()
    try:
        simulator.run(SECONDS, DrainBounds(0.0, scenario.tolerance, poll, scenario.timeout))
    finally:
        tracemalloc.stop()
    slope, uncertain = _slope(samples.sizes)
    per_session = (slope - uncertain) / 2
    assert per_session < MOST_BYTES, f"{slope:.1f} ± {uncertain:.1f} bytes a second"
