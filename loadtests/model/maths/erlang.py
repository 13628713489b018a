"""Blocking probabilities of the open model (Erlang B) and the closed model (Engset), and the number of slots they require.

All use recursions on the *inverse* of the blocking, a sum of positive terms: it neither cancels nor underflows, and a blocking
too small for a float is 0. They hold for any distribution of holding times. A million slots take about 0.1 s.
"""

from __future__ import annotations

_BEYOND = 1e300
"""Above this inverse, the blocking is treated as 0."""


def erlang_b(offered: float, servers: int) -> float:
    """Returns the share of arrivals that find all `servers` taken, for `offered` Erlang of Poisson arrivals without retries.

    By the recursion 1/B(n) = 1 + n/A · 1/B(n−1) (Jagerman 1974, "Some properties of the Erlang loss function", Bell System
    Technical Journal 53(3), doi 10.1002/j.1538-7305.1974.tb02756.x).
    """
    if offered <= 0:
        return 0.0 if servers else 1.0
    inverse = 1.0
    for number in range(1, servers + 1):
        inverse = 1 + number / offered * inverse
        if inverse > _BEYOND:
            return 0.0
    return 1 / inverse


def erlang_servers(offered: float, target: float) -> int:
    """Returns the fewest servers at which `offered` Erlang are blocked in no more than the share `target` (0 < target ≤ 1)."""
    if offered <= 0:
        return 0 if target >= 1 else 1
    inverse, number = 1.0, 0
    while inverse * target < 1:
        number += 1
        inverse = 1 + number / offered * inverse
    return number


def erlang_offered(servers: int, target: float) -> float:
    """Returns the load in Erlang that `servers` carry with a blocking of `target` (0 < target < 1).

    By bisection, to a millionth of the load: B grows with the load.
    """
    if not servers:
        return 0.0
    # The carried load cannot exceed the servers: A (1 − B) ≤ n.
    low, high = 0.0, servers / (1 - target)
    while high - low > 1e-7 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if erlang_b(middle, servers) < target else (low, middle)
    return (low + high) / 2


def engset(persons: int, offered_each: float, servers: int) -> float:
    """Returns the share of attempts that find all `servers` taken, of `persons` who pause, try, and pause again when refused.

    `offered_each` is a person's mean stay divided by the mean pause. By the arrival theorem, an arrival sees the state of
    the *others*, so the result is the time congestion with one person less: 1/E(n) = 1 + n / ((N − n + 1) α) · 1/E(n−1),
    N = persons − 1 (Iversen, Teletraffic Engineering Handbook, ITU-D SG 2, 2010, section 5.4).
    """
    others = persons - 1
    if servers > others:
        return 0.0
    if offered_each <= 0:
        return 0.0 if servers else 1.0
    inverse = 1.0
    for number in range(1, servers + 1):
        inverse = 1 + number / ((others - number + 1) * offered_each) * inverse
        if inverse > _BEYOND:
            return 0.0
    return 1 / inverse


def engset_servers(persons: int, offered_each: float, target: float) -> int:
    """Returns the fewest servers at which `persons` are refused in no more than the share `target` of their attempts."""
    others = persons - 1
    if persons <= 0 or offered_each <= 0:
        return 0 if target >= 1 or persons <= 0 else 1
    inverse, number = 1.0, 0
    while inverse * target < 1:
        number += 1
        if number > others:
            return persons
        inverse = 1 + number / ((others - number + 1) * offered_each) * inverse
    return number
