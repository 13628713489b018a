"""The percentiles that are reported everywhere, and how many values each of them needs."""

from __future__ import annotations

PERCENTILES = {"p1": 0.01, "p5": 0.05, "p50": 0.5, "p95": 0.95, "p99": 0.99}
"""The percentiles that are reported: by name, the share of all values that do not exceed them."""
LEAST_VALUES = {"p1": 100, "p5": 20, "p50": 10, "p95": 20, "p99": 100}
"""With fewer values a percentile is little more than the least or the greatest of them."""


def least_values(figure: str, chosen: int | None = None) -> int:
    """Returns how many values a figure such as "latency.new.p99" needs; 0 if it is no percentile. `chosen`: in place of ours."""
    least = LEAST_VALUES.get(figure.rpartition(".")[2], 0)
    return least if chosen is None else min(least, chosen)
