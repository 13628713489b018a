"""Why requests were refused below the limit: what each cause explains, and what contradicts it. From logs written by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from reports.findings.finding import Finding
from reports.findings.refusal_causes import Cause, RefusalCauses, RefusalFit

from .story import STARTED, Story


def _found(story: Story, folder: Path, limit: int) -> dict[str, Finding]:
    return {finding.name: finding for finding in story.analysed(folder, limit=limit).findings}


def _served(story: Story, number: int, low: float, high: float) -> None:
    """A session from `low` to `high`, stopped; the list shows it exactly so long."""
    story.opens(number, low, 3000.0).listed(number, low + 0.2).leaves(number, high, "close").stops(number, high)
    story.vanishes(number, high - 0.1, high + 0.2)


def test_a_lag_after_stops_is_named(tmp_path: Path) -> None:
    """Limit 1: refused within two seconds of each stop, granted after three."""
    story = Story().looks(400, every=0.5)
    for number in range(10):
        begin = 10.0 + 20 * number
        _served(story, number + 1, begin, begin + 10)
        story.refused(100 + number, begin + 11.5)
        _served(story, number + 50, begin + 13.5, begin + 16)
    found = _found(story, tmp_path, 1)
    assert "after an acknowledged stop would explain 10 of them" in found["slot-release-lag"].text
    assert "unexplained-refusals" not in found


def test_a_lost_answer_that_the_list_explains_holds_one_slot(tmp_path: Path) -> None:
    """Three advertised, two accepted: one of them by an answer that was lost, which the list shows."""
    story = Story().looks(400, every=0.5)
    _served(story, 1, 5.0, 390.0)
    story.call(2, "new", 10.0, outcome="unknown", took=3.0, value=3000.0, reason="timeout", status=0)
    story.note(0, "stranger", 13.5, STARTED + 10, "lost")
    for number in range(12):
        story.refused(100 + number, 50.0 + 20 * number)
    assert "A limit of 2 would explain 12 of them" in _found(story, tmp_path, 3)["limit-below-advertised"].text


def test_a_lag_that_grants_contradict_is_not_named(tmp_path: Path) -> None:
    """The same, but others are let in a second after a stop: whoever refuses, it is not a lag."""
    story = Story().looks(800, every=0.5)
    for number in range(10):
        begin = 10.0 + 40 * number
        _served(story, number + 1, begin, begin + 10)
        story.refused(100 + number, begin + 15)
        _served(story, number + 50, begin + 20, begin + 22)
        _served(story, number + 200, begin + 23, begin + 25)
    found = _found(story, tmp_path, 1)
    assert "slot-release-lag" not in found
    text = found["unexplained-refusals"].text
    assert "10 new requests were refused although fewer than 1 session can have been open" in text
    assert "granted requests contradict it" in text


def test_a_lower_limit_is_named(tmp_path: Path) -> None:
    """Three advertised, and never more than two accepted."""
    story = Story().looks(400, every=0.5)
    for number in range(2):
        _served(story, number + 1, 5.0 + number, 390.0)
    for number in range(12):
        story.refused(100 + number, 50.0 + 20 * number)
    found = _found(story, tmp_path, 3)
    assert "A limit of 2 would explain 12 of them" in found["limit-below-advertised"].text
    assert found["limit-below-advertised"].confidence == "certain"


def test_a_limit_that_is_lower_for_a_while_is_named(tmp_path: Path) -> None:
    """Three are open at first; later, a third one is refused again and again."""
    story = Story().looks(900, every=0.5)
    for number in range(2):
        _served(story, number + 1, 5.0 + number, 890.0)
    _served(story, 3, 20.0, 100.0)
    for number in range(12):
        story.refused(100 + number, 300.0 + 20 * number)
    found = _found(story, tmp_path, 3)
    assert "A limit of 2 in 1 period would explain 12 of them" in found["limit-below-advertised"].text
    assert "up to 3 were open at other times" in found["limit-below-advertised"].text


@pytest.mark.parametrize(("lag", "contradicted", "named"), [(50.0, 20, "periods"), (50.0, 0, "lag"), (4.0, 20, "lag")])
def test_a_long_lag_that_grants_contradict_yields_to_a_lower_limit(lag: float, contradicted: int, named: str) -> None:
    """A slot that is freed so late is rare; a usual lag is measured with an error."""
    fits = {
        "lag": RefusalFit(Cause.LAG_AFTER_STOPS, "a lag", lag, 10, contradicted, 220),
        "periods": RefusalFit(Cause.PERIODS, "a limit", 34, 10, 0, 10),
    }
    assert RefusalCauses(pd.DataFrame({"n": range(10)}), tuple(fits.values())).named == fits[named]
