"""Ctrl-C while a report is being made. When DuckDB notices it is DuckDB's affair; what it says then is told here."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.cli.__main__ import main
from loadtests.model.text.input_error import EXIT_INTERRUPTED
from reports.log.log import interruptible
from tests.golden.story import Story


def test_a_question_that_is_interrupted_is_an_interrupt() -> None:
    """DuckDB says so by an error of its own."""
    with pytest.raises(KeyboardInterrupt), interruptible():
        raise RuntimeError("Query interrupted")


def test_other_errors_stay_what_they_are() -> None:
    """A defect is told as one."""
    with pytest.raises(RuntimeError, match="no memory"), interruptible():
        raise RuntimeError("no memory")


def test_a_report_that_is_interrupted_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and an exit code that is none of a verdict."""

    def interrupted(*_: object) -> None:
        with interruptible():
            raise RuntimeError("Query interrupted")

    run = Story().opens(1, 0.0).write(tmp_path / "run")
    monkeypatch.setattr("reports.findings.evidence.build_slots", interrupted)
    assert main(["report", str(run)]) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == ""
