"""The observer's process, started and ended: `take` is told of each look at the API's list."""

from __future__ import annotations

import logging
from collections.abc import Callable

import gevent
import msgspec
from gevent import subprocess

from loadtests.observing.list_observer import ListSnapshot, PollSettings
from loadtests.processes.child import close_input, start_module, with_key

logger = logging.getLogger(__name__)

_END_SECONDS = 5.0


class Poller:
    """Runs until closed."""

    def __init__(self, orders: PollSettings, take: Callable[[ListSnapshot], None]) -> None:
        self._take = take
        self._process = start_module(
            "loadtests.observing.list_observer",
            environment=with_key(LOCUST_SKIP_MONKEY_PATCH="1"),
            popen=subprocess.Popen,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._process.stdin.write(msgspec.json.encode(orders) + b"\n")
        self._process.stdin.flush()
        self._reader = gevent.spawn(self._read)

    def close(self) -> None:
        """End the process; its last look is still taken."""
        self._process.stdin.close()
        self._reader.join(timeout=_END_SECONDS)
        close_input(self._process, _END_SECONDS)
        self._reader.kill()

    def _read(self) -> None:
        decode = msgspec.json.Decoder(ListSnapshot).decode
        for line in self._process.stdout:
            try:
                self._take(decode(line))
            except Exception:
                logger.exception("What the observer said could not be taken")
