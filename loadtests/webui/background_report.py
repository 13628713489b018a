"""Findings while a run goes on: `streamsoak report` on what there is, by a process of its own that yields to all others."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import gevent
import msgspec
from gevent import subprocess

from loadtests.processes.child import CLI, start_module, stop
from loadtests.webui.live import Live

SUMMARY = "summary.json"
_EACH_SECONDS = 60.0
_SHARE = 10
"""An analysis that took a second is not made again for ten."""
_LONGEST_SECONDS = 600.0
_LEAST_PRIORITY = 19
_NOT_YET = frozenset({"run-incomplete"})
"""What is said of every run that goes on."""


class BackgroundReport:
    """Looks at the run that `live` follows: now and then while somebody watches, and when asked."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._process: Any = None
        self._took = 0.0
        self._said = ""
        gevent.spawn(self._now_and_then)

    def look(self) -> bool:
        """Begin an analysis of the run so far; False: none goes on, or one is being made."""
        run = self._live.run
        if run is None or run.process.ending or self._process is not None:
            return False
        gevent.spawn(self._analyse, run.folder, run.now())
        return True

    def give_up(self) -> None:
        """The run is about to be judged for good: nobody else may write its report."""
        if self._process is not None:
            stop(self._process)

    def findings(self, run: Path) -> list[dict[str, Any]]:
        """What summary.json in `run` has found, but for what is true of every run that goes on."""
        try:
            summary = msgspec.json.decode((run / SUMMARY).read_bytes())
        except (OSError, msgspec.DecodeError):
            return []
        return [found for found in summary.get("findings", []) if found.get("name") not in _NOT_YET]

    def _now_and_then(self) -> None:
        waited_for = ""
        while True:
            gevent.sleep(max(_EACH_SECONDS, _SHARE * self._took))
            begun, waited_for = waited_for == self._live.told.run, self._live.told.run
            if self._live.browsers and begun:
                self.look()

    def _analyse(self, folder: Path, now: float) -> None:
        began = time.monotonic()
        self._process = _start(folder)
        self._live.analysis(self._live.told.analysed, goes_on=True)
        try:
            code = self._process.wait(timeout=_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            stop(self._process)
            code = None
        self._process = None
        self._took = time.monotonic() - began
        is_known = code is not None and 0 <= code <= 2 and self._live.told.run == folder.name
        self._live.analysis(now if is_known else self._live.told.analysed, goes_on=False)


def _start(folder: Path) -> Any:
    process = start_module(
        CLI,
        ["report", "--verdict", str(folder)],
        popen=subprocess.Popen,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.setpriority(os.PRIO_PROCESS, process.pid, _LEAST_PRIORITY)
    return process
