"""The observer's process, started and ended: `take` is told of each look at the API's list."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

import gevent
import msgspec
from gevent import subprocess

from loadtests.observing.list_observer import PollSettings
from loadtests.observing.list_snapshot import ListSnapshot

logger = logging.getLogger(__name__)

_END_SECONDS = 5.0


class Poller:
    """Runs until closed."""

    def __init__(self, orders: PollSettings, take: Callable[[ListSnapshot], None]) -> None:
        self._take = take
        self._process = subprocess.Popen(
            [sys.executable, "-m", "loadtests.observing.list_observer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "LOCUST_SKIP_MONKEY_PATCH": "1"},
        )
        self._process.stdin.write(msgspec.json.encode(orders) + b"\n")
        self._process.stdin.flush()
        self._reader = gevent.spawn(self._read)

    def close(self) -> None:
        """End the process; its last look is still taken."""
        self._process.stdin.close()
        self._reader.join(timeout=_END_SECONDS)
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.kill()

    def _read(self) -> None:
        decode = msgspec.json.Decoder(ListSnapshot).decode
        for line in self._process.stdout:
            try:
                self._take(decode(line))
            except Exception:
                logger.exception("What the observer said could not be taken")
