"""Lines at the bottom of a terminal, redrawn in place. Log lines scroll above them."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

_ERASE = "\x1b[J"
_UP = "\x1b[{}F"


def is_terminal(stream: TextIO) -> bool:
    """Whether lines can be redrawn on `stream`."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


class Screen:
    """Draws on `stream`; log handlers that write to it write through this object, until `close`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._drawn = 0
        self._is_within_line = False
        self._handlers = list(_handlers_of(stream))
        for handler in self._handlers:
            handler.setStream(self)

    def draw(self, lines: Sequence[str]) -> None:
        """Replaces the lines; what does not fit the width is cut."""
        width = shutil.get_terminal_size().columns - 1
        self._lines = [line if len(line) <= width else line[: width - 1] + "…" for line in lines]
        self._stream.write(self._erased() + self._text())
        self._stream.flush()

    def write(self, text: str) -> int:
        """Writes `text` above the lines."""
        self._stream.write(self._erased() + text)
        self._is_within_line = not text.endswith("\n")
        if not self._is_within_line:
            self._stream.write(self._text())
        return len(text)

    def flush(self) -> None:
        """Writes what is buffered."""
        self._stream.flush()

    def close(self) -> None:
        """Leaves the last lines where they are, and log handlers as they were."""
        for handler in self._handlers:
            handler.setStream(self._stream)
        self._handlers.clear()

    def _erased(self) -> str:
        drawn, self._drawn = self._drawn, 0
        return _UP.format(drawn) + _ERASE if drawn else ""

    def _text(self) -> str:
        if self._is_within_line:
            return ""
        self._drawn = len(self._lines)
        return "".join(f"{line}\n" for line in self._lines)


def _handlers_of(stream: TextIO) -> Iterator[logging.StreamHandler[Any]]:
    names = [None, *logging.root.manager.loggerDict]
    seen = set()
    for name in names:
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is stream and handler not in seen:
                seen.add(handler)
                yield handler
