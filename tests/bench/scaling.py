"""What several processes cost: `--processes 2`, two workers and their master, against processes without workers.

Two cores are too few to show by requests per second what two processes gain: the server needs CPU time too. So the CPU time of a
request is measured, of a process alone, and of the two workers and the master together. From it follows how many requests two
cores carry, all of their time given to the load generator, as a multiple of what one process carries on one core.

Two processes alone and two workers run in the same seconds, all on the same core, and send keep-alives as fast as they are
answered. So each turn of a loop serves as many answers in one as in the other, however busy the machine is; on several cores,
the more processes there are, the more answers wait for each, and the less each costs. Both have an nginx of their own, which
counts their requests. Without nginx nothing is measured.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from .interleaved import median_interval
from .measurement import Budget, Measurement
from .processes import cpu_seconds
from .runs import LocustRun, locust_run
from .servers import Server, nginx, nginx_path, served

_PROCESSES = 2
_PERSONS = 32
"""Of each process."""
_WARM_UP_SECONDS = 1.5
_QUICK, _FULL = (8, 1.0), (30, 3.0)
"""Windows, and the seconds of each. Locust's workers send their statistics every three seconds."""


class _Cost(NamedTuple):
    """So far."""

    leaders: float
    """CPU seconds of processes alone, or of the master."""
    workers: float
    """CPU seconds."""
    requests: int


class _Window(NamedTuple):
    """CPU microseconds of a request, and requests a second."""

    alone: float
    worker: float
    master: float
    rate_alone: float
    """Of each process."""
    rate: float
    """Of each worker."""

    @property
    def shipping(self) -> float:
        """A worker's cost, of that of a process alone."""
        return self.worker / self.alone

    @property
    def together(self) -> float:
        """The cost of workers and master, of that of a process alone."""
        return (self.worker + self.master) / self.alone

    @property
    def gain(self) -> float:
        """Requests of two cores, of those of a process alone on one core."""
        return _PROCESSES / self.together


def measure(full: bool) -> list[Measurement]:
    """One table."""
    if not nginx_path():
        return []
    number, seconds = _FULL if full else _QUICK
    with (
        _one_core(),
        nginx() as first,
        nginx() as second,
        _run(first, 1) as one,
        _run(first, 1) as other,
        _run(second, _PROCESSES) as workers,
    ):
        for run in (one, other, workers):
            run.await_beginning()
        time.sleep(_WARM_UP_SECONDS)
        windows = [_window((first, one, other), (second, workers), seconds) for _ in range(number)]
    return [_table(windows, seconds)]


def _run(server: Server, processes: int) -> AbstractContextManager[LocustRun]:
    return locust_run("streaming_user", server.url, _PERSONS * processes, ["--observe", "0"], {}, processes)


@contextmanager
def _one_core() -> Iterator[None]:
    """Everything that is started meanwhile runs on the last of the cores that we have."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _window(
    alone: tuple[Server, *tuple[LocustRun, ...]], together: tuple[Server, LocustRun], seconds: float
) -> _Window:
    began, before = time.monotonic(), (_cost(*alone), _cost(*together))
    time.sleep(seconds)
    after, took = (_cost(*alone), _cost(*together)), time.monotonic() - began
    one, two = (_Cost(*(b - a for a, b in zip(x, y, strict=True))) for x, y in zip(before, after, strict=True))
    costs = (one.leaders / one.requests, two.workers / two.requests, two.leaders / two.requests)
    rates = (cost.requests / took / _PROCESSES for cost in (one, two))
    return _Window(*(cost * 1e6 for cost in costs), *rates)


def _cost(server: Server, *runs: LocustRun) -> _Cost:
    leaders = sum(cpu_seconds(run.leader) for run in runs)
    workers = sum(cpu_seconds(pid) for run in runs for pid in run.workers)
    return _Cost(leaders, workers, served(server))


def _table(windows: list[_Window], seconds: float) -> Measurement:
    alone, worker, master, rate_alone, rate = (statistics.median(figures) for figures in zip(*windows, strict=True))
    shipping = [window.shipping for window in windows]
    together = [window.together for window in windows]
    gain = [window.gain for window in windows]
    columns = ["generator", "requests a second of each process", "CPU of a request, µs", "ratio", "95 % interval"]
    rows: list[list[str | float | int]] = [
        ["a process alone", rate_alone, alone, 1, ""],
        ["a worker, which ships, to a process alone", rate, worker, *_told(shipping)],
        ["two workers and the master, to a process alone", "", worker + master, *_told(together)],
        ["two cores: 2 × CPU of a process alone / CPU of two workers and the master", "", "", *_told(gain)],
    ]
    title = "Two workers and a master against processes alone, everything recorded, all on one core, against nginx"
    note = f"{len(windows)} windows of {seconds:g} s, in which all run; ratios are of the CPU time of a request"
    return Measurement(title, columns, rows, _budgets(gain, shipping), note)


def _budgets(gain: list[float], shipping: list[float]) -> list[Budget]:
    what = "requests of --processes 2 on two cores, of one process's on one (by CPU time)"
    return [
        Budget(what, statistics.median(gain), 1.8, "×", at_most=False, interval=median_interval(gain)),
        Budget(
            "CPU of a worker's request, shipping included, of a process's alone",
            statistics.median(shipping),
            1.05,
            "×",
            interval=median_interval(shipping),
        ),
    ]


def _told(ratios: Sequence[float]) -> tuple[float, str]:
    low, high = median_interval(ratios)
    return statistics.median(ratios), f"{low:.3f} to {high:.3f}"
