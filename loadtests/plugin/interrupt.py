"""Ctrl-C while Locust starts: ends it at once. No run has begun, so there is nothing to close."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

from loadtests.model.text.input_error import EXIT_INTERRUPTED


def exit_on_interrupt() -> None:
    """Replaces Python's KeyboardInterrupt, which prints a traceback of imports, until the plugin sets its own handler."""
    is_program = "locust.main" in sys.modules and threading.current_thread() is threading.main_thread()
    if is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _exit)


def _exit(*_: Any) -> None:
    # Not by an exception: it would be raised in whatever code happens to run. A sandbox ends with its parent's pipe.
    os._exit(EXIT_INTERRUPTED)
