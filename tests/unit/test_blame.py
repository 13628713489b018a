"""Whose error it is, and how often it is told."""

from __future__ import annotations

import json

import pytest

from loadtests.engine.blame import UserErrors
from loadtests.model.session.session import Event, IllegalEventError, Session


def _raised(times: int, caplog: pytest.LogCaptureFixture) -> list[bool]:
    errors = UserErrors()
    told = []
    for _ in range(times):
        try:
            json.loads("{")
        except ValueError as error:
            told.append(errors.report(error))
    return told


def test_an_error_in_a_library_that_the_user_called_is_the_users(caplog: pytest.LogCaptureFixture) -> None:
    """With the line that called it; told at 1, 10 and 100."""
    assert all(_raised(150, caplog))
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3
    assert "test_blame.py, line" in lines[0]
    assert "JSONDecodeError" in lines[0]
    assert lines[2].endswith("(100 times so far)")


def test_an_error_in_our_code_is_ours(caplog: pytest.LogCaptureFixture) -> None:
    """However it was called."""
    try:
        Session(1, "p", 30.0).apply(Event.CLOSED)
    except IllegalEventError as error:
        assert not UserErrors().report(error)
    assert caplog.records == []
