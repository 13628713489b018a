"""What several processes cost: two workers and their master (`--processes 2`) against one process without workers.

Two cores are not enough to show by requests per second what two processes gain, since the server needs CPU time too. So the CPU
time of a request is measured: of one process, and of two workers and the master together. From it follows how many requests two
cores could carry, all of their time given to the load generator, as a multiple of what one process carries on one core.

All processes keep the same rate, each on its own schedule of keep-alives, and run in the same seconds. So a machine that becomes
slower burdens both alike, and no process has longer queues than another, which would make its requests cheaper. Each of the two
runs has an nginx of its own, which counts its requests. Without nginx nothing is measured.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple

from .interleaved import median_interval
from .measurement import Budget, Measurement
from .processes import cpu_seconds
from .schedules import Schedule, Scheduled, await_open, scheduled
from .servers import Server, nginx, nginx_path, served

_CORES = 2
_SCHEDULE = Schedule(rate=8_000.0, every=0.5, opening=1.0)
_QUICK, _FULL = (8, 1.0), (30, 3.0)
"""Windows, and the seconds of each. Locust's workers send their statistics every three seconds."""


class _Reading(NamedTuple):
    """Of one run, so far: CPU seconds and requests."""

    leader: float
    workers: float
    requests: int


class _Window(NamedTuple):
    """CPU microseconds of a request."""

    alone: float
    """Of one process."""
    worker: float
    """Of a worker."""
    master: float
    """The master's part."""

    @property
    def gain(self) -> float:
        """Requests of all cores, of those of one process on one core."""
        return _CORES * self.alone / (self.worker + self.master)


def measure(full: bool) -> list[Measurement]:
    """One table."""
    if not nginx_path():
        return []
    number, seconds = _FULL if full else _QUICK
    with (
        nginx() as first,
        nginx() as second,
        scheduled(first.url, _SCHEDULE) as alone,
        scheduled(second.url, _SCHEDULE, _CORES) as together,
    ):
        await_open(alone, together)
        windows = [_window((alone, first), (together, second), seconds) for _ in range(number)]
    return [_table(windows, seconds)]


def _window(alone: tuple[Scheduled, Server], together: tuple[Scheduled, Server], seconds: float) -> _Window:
    before = _reading(*alone), _reading(*together)
    time.sleep(seconds)
    after = _reading(*alone), _reading(*together)
    one, two = (_Reading(*(b - a for a, b in zip(x, y, strict=True))) for x, y in zip(before, after, strict=True))
    return _Window(one.leader / one.requests * 1e6, two.workers / two.requests * 1e6, two.leader / two.requests * 1e6)


def _reading(run: Scheduled, server: Server) -> _Reading:
    return _Reading(cpu_seconds(run.leader), sum(map(cpu_seconds, run.workers)), served(server))


def _table(windows: list[_Window], seconds: float) -> Measurement:
    alone, worker, master = (statistics.median(figures) for figures in zip(*windows, strict=True))
    gain = [window.gain for window in windows]
    shipping = [window.worker / window.alone for window in windows]
    columns = ["generator", "CPU of a request, µs", "of one process's", "95 % interval", "requests of two cores"]
    rows: list[list[str | float | int]] = [
        ["one process", alone, 1.0, "", 1.0],
        ["a worker of two, which ships", worker, statistics.median(shipping), _said(shipping), ""],
        [
            "two workers and the master",
            worker + master,
            statistics.median([2 / each for each in gain]),
            _said([2 / each for each in gain]),
            f"{statistics.median(gain):.3f} ({_said(gain)})",
        ],
    ]
    budgets = [
        Budget(
            "requests of two cores by --processes 2, of one process on one (from CPU time)",
            statistics.median(gain),
            1.8,
            "×",
            at_most=False,
            interval=median_interval(gain),
        ),
        Budget(
            "CPU of a worker's request, shipping included, of one process's",
            statistics.median(shipping),
            1.05,
            "×",
            interval=median_interval(shipping),
        ),
    ]
    title = f"{_SCHEDULE.rate:,.0f} keep-alives a second by each process, everything recorded, against nginx"
    note = (
        f"{len(windows)} windows of {seconds:g} s, all processes in the same seconds. Requests of two cores: 2 × CPU of a request"
        " of one process / CPU of a request of two workers and the master; of a whole core for one process"
    )
    return Measurement(title, columns, rows, budgets, note)


def _said(ratios: Sequence[float]) -> str:
    low, high = median_interval(ratios)
    return f"{low:.3f} to {high:.3f}"
