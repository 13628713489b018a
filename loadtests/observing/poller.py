"""Starts and stops the process that polls the API's list."""

from __future__ import annotations

import logging
from collections.abc import Callable

import gevent
import msgspec
from gevent import subprocess

from loadtests.observing.list_observer import PollSettings
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.processes.child import close_input, start_module, with_key

logger = logging.getLogger(__name__)

_END_SECONDS = 5.0


class Poller:
    """Calls `on_snapshot` with each snapshot of the list, until closed."""

    def __init__(self, settings: PollSettings, on_snapshot: Callable[[ListSnapshot], None]) -> None:
        self._on_snapshot = on_snapshot
        self._process = start_module(
            "loadtests.observing.list_observer",
            environment=with_key(LOCUST_SKIP_MONKEY_PATCH="1"),
            popen=subprocess.Popen,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._process.stdin.write(msgspec.json.encode(settings) + b"\n")
        self._process.stdin.flush()
        self._reader = gevent.spawn(self._read)

    def close(self) -> None:
        """Ends the process, after its last snapshot has been processed."""
        self._process.stdin.close()
        self._reader.join(timeout=_END_SECONDS)
        close_input(self._process, _END_SECONDS)
        self._reader.kill()

    def _read(self) -> None:
        decode = msgspec.json.Decoder(ListSnapshot).decode
        for line in self._process.stdout:
            try:
                self._on_snapshot(decode(line))
            except Exception:
                logger.exception("Internal error while a snapshot of the API's list was processed")
