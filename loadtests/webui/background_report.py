"""Analyses a run before it has ended: runs `streamsoak report` in a separate process of the lowest priority."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from gevent import subprocess

from loadtests.processes.child import CLI, start_module, stop
from loadtests.processes.greenlets import start_loop, start_task
from loadtests.recording.report_summary import read_summary
from loadtests.webui.live import Live

_INTERVAL_SECONDS = 60.0
_INTERVAL_FACTOR = 10
"""The interval is at least so many times as long as the last analysis took."""
_LONGEST_SECONDS = 600.0
_LEAST_PRIORITY = 19
_NOT_YET = frozenset({"run-incomplete"})
"""Findings that apply to every run that has not ended."""


class BackgroundReport:
    """Analyses the run that `live` follows: regularly while a browser shows the page, and on request."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._process: Any = None
        self._is_running = False
        """Set at once by `begin`, before the process has started: two clicks start one analysis."""
        self._took = 0.0
        self._previous = ""
        start_loop("analysing the run regularly", self._analyse_regularly)

    def begin(self) -> bool:
        """Begins an analysis of the run so far. False: there is no run, or an analysis is running."""
        run = self._live.run
        if run is None or run.process.ending or self._is_running:
            return False
        self._is_running = True
        start_task("analysing the run", self._analyse, run.folder, run.now())
        return True

    def stop(self) -> None:
        """Stops a running analysis, before the final report of the run is written."""
        if self._process is not None:
            stop(self._process)

    def findings(self, run: Path) -> list[dict[str, Any]]:
        """Returns the findings in summary.json of `run`, without those that apply to every run that has not ended."""
        return [finding for finding in read_summary(run).findings if finding.get("name") not in _NOT_YET]

    def _analyse_regularly(self) -> float:
        is_same, self._previous = self._previous == self._live.state.run, self._live.state.run
        # Not within the first interval of a run.
        if self._live.browsers and is_same:
            self.begin()
        return max(_INTERVAL_SECONDS, _INTERVAL_FACTOR * self._took)

    def _analyse(self, folder: Path, now: float) -> None:
        try:
            self._run_analysis(folder, now)
        finally:
            self._process, self._is_running = None, False

    def _run_analysis(self, folder: Path, now: float) -> None:
        began = time.monotonic()
        self._process = _start(folder)
        self._live.analysis(self._live.state.analysed, running=True)
        try:
            code = self._process.wait(timeout=_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            stop(self._process)
            code = None
        self._took = time.monotonic() - began
        is_known = code is not None and 0 <= code <= 2 and self._live.state.run == folder.name
        if is_known:
            self._live.judged(read_summary(folder).gates, now)
        self._live.analysis(now if is_known else self._live.state.analysed, running=False)


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
