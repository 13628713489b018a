"""Runs Locust in this process, for `streamsoak run`: `python -m loadtests.cli.launcher LOCUST_OPTIONS`.

Ctrl-C during Locust's imports, which take a second, ends it quietly instead of with a traceback. What fails before a locustfile
has loaded our plugin is invalid input: Locust's own exit code for it, 1, means here that a gate failed.
"""

from __future__ import annotations

import os
import signal
import sys

_EXIT_INTERRUPTED, _EXIT_MISTAKE = 130, 64
"""As in `input_error`, which is not imported before the handler is set."""


def _exit(*_: object) -> None:
    os._exit(_EXIT_INTERRUPTED)


def main() -> None:
    """Runs Locust with this process's arguments."""
    signal.signal(signal.SIGINT, _exit)
    sys.argv[0] = "locust"
    from locust.main import main as run_locust

    try:
        run_locust()
    except SystemExit as end:
        sys.exit(_EXIT_MISTAKE if end.code and not _is_plugin_loaded() else end.code)
    except Exception:
        if _is_plugin_loaded():
            raise
        import traceback

        traceback.print_exc()
        sys.exit(_EXIT_MISTAKE)


def _is_plugin_loaded() -> bool:
    install = sys.modules.get(f"{str(__package__).rpartition('.')[0]}.plugin.install")
    return install is not None and install.register.cache_info().currsize > 0


if __name__ == "__main__":
    main()
