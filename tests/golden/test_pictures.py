"""What is drawn of a run, and what is said instead: the ticket, the leaks of a long run, charts with nothing to show."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from loadtests.model.text.palette import LIGHT
from reports.analysis.percentiles import Percentiles
from reports.build import build_report
from reports.charts.vegalite import NothingToDrawError
from reports.html.figures import PageFigures
from reports.log.log import open_log
from reports.page.charts import latency_over_time, loop_delays
from reports.page.leak_chart import is_over_time, leaks_as_gantt
from reports.page.ticket import WIDTH
from reports.summary import analyse

from .story import Story


def _leaky(until: float = 60) -> Story:
    story = Story().opens(1, 1.0).listed(1, 1.5).leaves(1, 4.0, "abandon").vanishes(1, 30.5, 31.5)
    return (
        story.note(3, "arrive", 12.0, 9.0, "close").refused(3, 12.0).note(0, "loop", 2.0, 0.0).looks(until, until / 60)
    )


def test_the_ticket_is_a_picture_of_the_first_screen(tmp_path: Path) -> None:
    """A PNG of twice the width, high enough for the chart; the page's own picture has the palette's colours and the hatching."""
    run = _leaky().write(tmp_path / "run")
    build_report(run, tmp_path / "ticket.png")
    picture = (tmp_path / "ticket.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert width == 2 * WIDTH
    assert height > 1000
    chart = (run / "chart.svg").read_text()
    assert LIGHT["active"] in chart
    assert 'id="hatch-leaked"' in chart
    assert "var(" not in chart


def test_leaks_of_a_long_run_begin_together(tmp_path: Path) -> None:
    """Half a minute in an hour is no bar: then the axis is the time since each session was opened."""
    charts = {}
    for until in (60, 3600):
        log = open_log(_leaky(until).write(tmp_path / str(until)))
        leaks = analyse(log).leaks
        charts[until] = (is_over_time(leaks, until), leaks_as_gantt(leaks, until))
        log.close()
    assert [is_over for is_over, _ in charts.values()] == [True, False]
    assert charts[60][1].is_over_time
    assert not charts[3600][1].is_over_time
    assert "since the session was opened" in json.dumps(charts[3600][1].spec)
    (bar,) = charts[3600][1].rows
    assert bar["row"] == "1 at 00:01"
    assert bar["left_since"] == pytest.approx(3.0, abs=0.1)


def test_what_would_be_flat_or_empty_is_said(tmp_path: Path) -> None:
    """A loop that was never late, calls that all took the same, and none at all."""
    run = _leaky().write(tmp_path / "run")
    log = open_log(run)
    with pytest.raises(NothingToDrawError, match=r"The event loop was never late\."):
        loop_delays(analyse(log).generator, 60.0)
    log.close()
    same = pd.DataFrame({"t": [0.0, 1.0], "until": [1.0, 2.0], "n": [1, 2], "p50": [0.03, 0.03], "p99": [0.03, 0.03]})
    whole = Percentiles(3, *[0.03] * 7)
    with pytest.raises(NothingToDrawError) as said:
        latency_over_time("new", whole, same, 60.0)
    fig = PageFigures({"latency": {"new": whole.as_dict()}})
    assert fig.sentence(str(said.value)).striptags() == "Each of the 3 calls took 30 ms."
    with pytest.raises(NothingToDrawError, match=r"The only call took \{latency/new/max:duration\}\."):
        latency_over_time("new", replace(whole, n=1), same, 60.0)
    with pytest.raises(NothingToDrawError, match="No call was answered"):
        latency_over_time("new", whole, same.iloc[:0], 60.0)
    # Every column has the same 99th percentile, but one call of many took longer.
    assert latency_over_time("new", replace(whole, n=300, max=2.0), same, 60.0).rows
    build_report(run)
    assert "The event loop was never late." in (run / "report.html").read_text()
