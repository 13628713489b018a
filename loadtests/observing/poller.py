"""Starts and stops the process that polls the API's list, and starts it again if it ends by itself."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
import msgspec
from gevent import subprocess

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.observing.list_observer import PollSettings
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.processes.child import close_input, start_module, with_key
from loadtests.processes.greenlets import attempt, start_loop

logger = logging.getLogger(__name__)

_END_SECONDS = 5.0
_RESTART_SECONDS = 1.0
"""Before a process that ended by itself is started again."""


class Poller:
    """Calls `on_snapshot` with each snapshot of the list, until closed.

    A process that ends by itself is replaced. The gap is a failed poll, with the reason `observer-lost`, and counts as an
    internal error; what changed during it is in the next snapshot.
    """

    def __init__(
        self,
        settings: PollSettings,
        on_snapshot: Callable[[ListSnapshot], None],
        on_error: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._on_snapshot = on_snapshot
        self._on_error = on_error
        self._decode = msgspec.json.Decoder(ListSnapshot).decode
        self._listed: set[str] = set()
        self._last_polled = 0.0
        """When the last successful poll was sent, in seconds of the run."""
        self._is_new = False
        """Whether the process has been replaced and has not sent a list since."""
        self._is_closing = False
        self._process = self._start_process()
        self._reader = start_loop("reading the API's list", self._read, on_error)

    def close(self) -> None:
        """Ends the process, after its last snapshot has been processed."""
        self._is_closing = True
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._reader.join(timeout=_END_SECONDS)
        close_input(self._process, _END_SECONDS)
        self._reader.kill()

    def _start_process(self) -> Any:
        process = start_module(
            f"{__package__}.list_observer",
            environment=with_key(LOCUST_SKIP_MONKEY_PATCH="1"),
            popen=subprocess.Popen,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        process.stdin.write(msgspec.json.encode(self._settings) + b"\n")
        process.stdin.flush()
        return process

    def _read(self) -> float | None:
        """Reads to the end of the process's output, then replaces the process unless it was to end."""
        for line in self._process.stdout:
            attempt("processing a snapshot of the API's list", self._process_line, line, on_error=self._on_error)
        if self._is_closing:
            return None
        code = self._process.wait()
        logger.error("The process that polls the API's list ended by itself (exit code %d) and is started again", code)
        self._on_error()
        now = time.monotonic() - self._settings.zero
        lost = Answer(Outcome.UNKNOWN, Reason.OBSERVER_LOST, now, now)
        attempt("recording a gap", self._on_snapshot, ListSnapshot.without_list(now, lost), on_error=self._on_error)
        gevent.sleep(_RESTART_SECONDS)
        if self._is_closing:
            return None
        self._process, self._is_new = self._start_process(), True
        return 0.0

    def _process_line(self, line: bytes) -> None:
        snapshot = self._decode(line)
        if snapshot.outcome == Outcome.OK:
            if self._is_new:
                self._compare_with_last(snapshot)
            self._listed -= set(snapshot.vanished)
            self._listed.update(session_id for session_id, _ in snapshot.appeared)
            self._last_polled = snapshot.sent
        self._on_snapshot(snapshot)

    def _compare_with_last(self, snapshot: ListSnapshot) -> None:
        """The first list of a new process has everything as new; it is compared with the last list of the process before."""
        self._is_new = False
        listed = dict(snapshot.appeared)
        snapshot.appeared = [row for row in snapshot.appeared if row[0] not in self._listed]
        snapshot.vanished = [session_id for session_id in self._listed if session_id not in listed]
        snapshot.since = self._last_polled
