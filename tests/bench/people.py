"""What a person of the closed model takes of a load process's memory: ours, and a user of Locust's own.

The difference between a process with many and one with few, who have all opened their session and wait.
"""

from __future__ import annotations

import statistics

from .locusts import GENERATORS, locust
from .measurement import Budget, Measurement
from .servers import nginx, nginx_path, sandbox

_FEW, _MANY = 200, 2000
_WAIT_SECONDS = 60.0


def measure(full: bool) -> list[Measurement]:
    """One table."""
    with (nginx if nginx_path() else sandbox)() as server:
        asked = GENERATORS if full else ("streamsoak", "FastHttpUser")
        bytes_each = {name: _bytes(name, server.url, 3 if full else 1) for name in asked}
    ours = bytes_each["streamsoak"]
    rows: list[list[str | float | int]] = [[name, each / 1000, ours / each] for name, each in bytes_each.items()]
    title = f"Memory of a person of the closed model ({_MANY:,} of them, waiting)"
    budget = Budget("memory of a closed-model person", ours / 1000, 6.0, "KB")
    return [Measurement(title, ["user", "KB", "ours of it"], rows, [budget])]


def _bytes(generator: str, url: str, times: int) -> float:
    few, many = (
        statistics.median(locust(generator, url, persons, 1, _WAIT_SECONDS).resident for _ in range(times))
        for persons in (_FEW, _MANY)
    )
    return (many - few) / (_MANY - _FEW)
