"""The figures of one process, read from a real engine."""

from __future__ import annotations

import random

from loadtests.run.counters import Counters
from tests.bench.engines import engine_for


def test_a_snapshot_has_the_ranks_of_margins_and_lateness() -> None:
    """The least margin, that which a hundredth are below, and the lateness that a hundredth exceed; then they begin anew."""
    timings = [(float(number), number / 1000) for number in range(250)]
    random.Random(1).shuffle(timings)
    counters = Counters()
    with engine_for("http://127.0.0.1:9") as engine:
        engine.margins.extend(margin for margin, _ in timings)
        engine.delays.extend(delay for _, delay in timings)
        full, empty = counters.snapshot(1.0, engine), counters.snapshot(2.0, engine)
    assert (full.margin_min, full.margin_p1, full.keep_alive_late) == (0.0, 2.0, 0.247)
    assert (empty.margin_min, empty.margin_p1, empty.keep_alive_late) == (None, None, None)


def test_a_snapshot_of_a_single_keep_alive() -> None:
    """It is the least and the greatest."""
    counters = Counters()
    with engine_for("http://127.0.0.1:9") as engine:
        engine.margins.append(7.0)
        engine.delays.append(0.5)
        found = counters.snapshot(1.0, engine)
    assert (found.margin_min, found.margin_p1, found.keep_alive_late) == (7.0, 7.0, 0.5)
