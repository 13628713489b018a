"""Runs Locust in this process, for `streamsoak run`: `python -m loadtests.cli.launcher LOCUST_OPTIONS`.

Ctrl-C during Locust's imports, which take a second, ends it quietly instead of with a traceback.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

_EXIT_INTERRUPTED = 130
"""As in `input_error`, which is not imported before the handler is set."""


def _exit(*_: Any) -> None:
    os._exit(_EXIT_INTERRUPTED)


def main() -> None:
    """Runs Locust with this process's arguments."""
    signal.signal(signal.SIGINT, _exit)
    sys.argv[0] = "locust"
    from locust.main import main as run_locust

    run_locust()


if __name__ == "__main__":
    main()
