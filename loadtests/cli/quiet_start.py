"""Ctrl-C while the command line is being imported ends the process quietly. Imported first, by `__main__`; acts when imported.

Imports as little as possible: until the handler is set, Ctrl-C is a traceback of Python's own start.
"""

import os
import signal
import sys

_EXIT_INTERRUPTED = 130
"""As in `input_error`, which is not imported before the handler is set."""


def _exit(*_: object) -> None:
    os._exit(_EXIT_INTERRUPTED)


def restore() -> None:
    """Lets Ctrl-C raise KeyboardInterrupt again, as commands expect it."""
    if signal.getsignal(signal.SIGINT) is _exit:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Not where a test imports the command line: "-m" is what Python calls a module that it is about to run.
_IS_PROGRAM = os.path.basename(sys.argv[0]) in ("streamsoak", "-m")  # noqa: PTH119 - pathlib takes longer to import
if _IS_PROGRAM and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _exit)
