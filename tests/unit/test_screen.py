"""Lines at the bottom of a terminal: what a terminal shows after log lines and redrawn lines."""

from __future__ import annotations

import io
import logging

import pytest

from loadtests.plugin.screen import Screen


def shown(written: str) -> list[str]:
    """The lines that a terminal shows: it knows "up, to the first column" and "erase what is below"."""
    lines = [""]
    at = 0
    for part in written.replace("\x1b[", "\0\x1b[").split("\0"):
        text = part
        if part.startswith("\x1b["):
            code, _, text = part.partition("J") if part.startswith("\x1b[J") else part.partition("F")
            if code == "\x1b[":
                lines[at:] = [""]
            else:
                at -= int(code[2:])
        for number, piece in enumerate(text.split("\n")):
            if number:
                at += 1
                lines += [""] * (at + 1 - len(lines))
            lines[at] += piece
    return lines


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 20 columns."""
    monkeypatch.setenv("COLUMNS", "20")


def test_lines_are_replaced() -> None:
    """Those of the last drawing are left, also if they are fewer."""
    stream = io.StringIO()
    screen = Screen(stream)
    screen.draw(["one", "two", "three"])
    screen.draw(["four"])
    assert shown(stream.getvalue()) == ["four", ""]


def test_log_lines_scroll_above() -> None:
    """And log handlers write to the stream itself again after the end."""
    stream = io.StringIO()
    logger, handler = logging.getLogger("screen"), logging.StreamHandler(stream)
    logger.addHandler(handler)
    screen = Screen(stream)
    screen.draw(["state"])
    logger.warning("first")
    logger.warning("second")
    assert shown(stream.getvalue()) == ["first", "second", "state", ""]
    screen.close()
    logger.warning("third")
    assert shown(stream.getvalue()) == ["first", "second", "state", "third", ""]
    logger.removeHandler(handler)


def test_a_long_line_is_cut() -> None:
    """A line that wraps would take two."""
    stream = io.StringIO()
    Screen(stream).draw(["x" * 50])
    assert shown(stream.getvalue()) == ["x" * 18 + "…", ""]
