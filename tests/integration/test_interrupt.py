"""Ctrl-C while a report is being made."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.cli.__main__ import main
from loadtests.model.mistakes import EXIT_INTERRUPTED
from reports.log import Log, open_log
from tests.golden.story import Story

_FOR_EVER = (
    "SELECT count(*) AS n FROM range(1000000) AS a CROSS JOIN range(1000000) AS b WHERE a.range * b.range % 7 = 3"
)


@pytest.fixture
def ctrl_c() -> Iterator[threading.Timer]:
    """Comes half a second after it is started, whatever the shell did with interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    yield timer
    timer.cancel()
    timer.join()
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("ask", [Log.frame, Log.records, lambda log, sql: log.keep("kept", sql)])
def test_it_ends_a_question(tmp_path: Path, ctrl_c: threading.Timer, ask: object) -> None:
    """As it ends everything else, though DuckDB tells of it as an error of its own."""
    assert callable(ask)
    log = open_log(Story().opens(1, 0.0).write(tmp_path / "run"))
    ctrl_c.start()
    with pytest.raises(KeyboardInterrupt):
        ask(log, _FOR_EVER)
    log.close()


def test_a_report_that_is_interrupted_says_nothing(
    tmp_path: Path, ctrl_c: threading.Timer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and an exit code that is none of a verdict."""
    run = Story().opens(1, 0.0).write(tmp_path / "run")
    monkeypatch.setattr("reports.summary.build_slots", lambda log, log_end: log.row(_FOR_EVER))
    ctrl_c.start()
    assert main(["report", str(run)]) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == ""
