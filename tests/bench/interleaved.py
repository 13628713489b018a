"""Compares the CPU time of two load generators on a machine that is busy with other things.

Both run for the whole comparison, and at most one of them at a time: outside of its windows, half a second each, a generator is
stopped (SIGSTOP). The order of the windows is A B B A, so that a machine that becomes slower or faster burdens both alike. Each
such round gives one ratio. What is told is their median, with its 95 % interval by order statistics, which assumes nothing about
how they are distributed (Hettmansperger and Sheather, 1986, without interpolation).
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import comb
from pathlib import Path
from typing import NamedTuple

from .locusts import locust_process, reading
from .processes import cpu_seconds
from .servers import Server, served

_WINDOW_SECONDS = 0.5
_WARM_UP_SECONDS = 0.15
_START_SECONDS = 30.0
_CONFIDENCE = 0.95


class Comparison(NamedTuple):
    """One generator against another."""

    ours: float
    """CPU microseconds a request, the median of all windows."""
    theirs: float
    ratio: float
    low: float
    """The ratio's interval."""
    high: float


class Generator:
    """A load generator that is stopped outside of its windows. `requests` tells how many it has made so far."""

    def __init__(self, process: subprocess.Popen[bytes], requests: Callable[[], int]) -> None:
        self._process = process
        self._requests = requests

    def window(self) -> float:
        """Lets it run, and returns the CPU microseconds of a request."""
        os.kill(self._process.pid, signal.SIGCONT)
        time.sleep(_WARM_UP_SECONDS)
        cpu, made = cpu_seconds(self._process.pid), self._requests()
        time.sleep(_WINDOW_SECONDS)
        cpu, made = cpu_seconds(self._process.pid) - cpu, self._requests() - made
        os.kill(self._process.pid, signal.SIGSTOP)
        return cpu / max(made, 1) * 1e6


@contextmanager
def locust_generator(name: str, url: str, persons: int, variables: Mapping[str, str]) -> Iterator[Generator]:
    """One of the Locust generators, stopped; `variables` of its environment."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        process = locust_process(name, url, persons, Path(folder), state, variables)
        with _stopped(process, lambda: reading(state)) as generator:
            yield generator


@contextmanager
def command_generator(command: Sequence[str], server: Server) -> Iterator[Generator]:
    """Any program, stopped; what it has made is what the server, nginx, has counted."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with _stopped(process, lambda: served(server)) as generator:
        yield generator


def compare(ours: Generator, theirs: Generator, rounds: int) -> Comparison:
    """Returns the comparison over so many rounds."""
    ours_all: list[float] = []
    theirs_all: list[float] = []
    ratios: list[float] = []
    for _ in range(rounds):
        first, second, third, fourth = ours.window(), theirs.window(), theirs.window(), ours.window()
        ours_all += [first, fourth]
        theirs_all += [second, third]
        ratios.append((first + fourth) / (second + third))
    low, high = median_interval(ratios)
    return Comparison(statistics.median(ours_all), statistics.median(theirs_all), statistics.median(ratios), low, high)


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """Returns the narrowest interval between two order statistics that holds the median with 95 %; with fewer than six
    values the range, which holds it with less.
    """
    ordered, n = sorted(values), len(values)
    rank, outside = 1, 2 / 2**n
    while rank < n // 2 and outside + 2 * comb(n, rank) / 2**n <= 1 - _CONFIDENCE:
        outside += 2 * comb(n, rank) / 2**n
        rank += 1
    return ordered[rank - 1], ordered[n - rank]


@contextmanager
def _stopped(process: subprocess.Popen[bytes], requests: Callable[[], int]) -> Iterator[Generator]:
    try:
        end, before = time.monotonic() + _START_SECONDS, requests()
        while requests() < before + 1000:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{process.args!r} makes no requests")
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGSTOP)
        yield Generator(process, requests)
    finally:
        process.kill()
        process.wait()
