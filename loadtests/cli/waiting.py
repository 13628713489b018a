"""Says on standard error what a command is doing, once it takes longer than a second."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

from loadtests.model.text.units import format_duration

_SILENT_SECONDS = 1.0
_LOG_SECONDS = 30.0
"""Between two lines where there is no terminal."""
_ERASE = "\r\x1b[K"


@contextlib.contextmanager
def waiting(what: str, done: Callable[[], float] | None = None) -> Iterator[None]:
    """Says "what … 12 s" while its body runs: in one line that is erased at the end; without a terminal, every 30 s.

    `done`: the share that is done, 0 to 1, if it is known.
    """
    ended = threading.Event()
    thread = threading.Thread(target=_tell, args=(what, ended, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _tell(what: str, ended: threading.Event, done: Callable[[], float] | None) -> None:
    began, is_terminal = time.monotonic(), sys.stderr.isatty()
    pause = _SILENT_SECONDS if is_terminal else _LOG_SECONDS
    while not ended.wait(pause):
        share = f" ({min(done(), 1.0):.0%})" if done else ""
        line = f"{what} … {format_duration(round(time.monotonic() - began))}{share}"
        print(f"{_ERASE}{line}" if is_terminal else line, end="" if is_terminal else "\n", file=sys.stderr, flush=True)
    if is_terminal and time.monotonic() - began > _SILENT_SECONDS:
        print(_ERASE, end="", file=sys.stderr, flush=True)
