"""Erlang B, its inverses, Engset: against published tables, another implementation, exact fractions; at a million slots."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import erlanglib
import pytest

from loadtests.model.maths.erlang import engset, engset_servers, erlang_b, erlang_offered, erlang_servers

# Iversen, Teletraffic Engineering Handbook (ITU-D SG 2), and every printed Erlang B table: servers, blocking, Erlang.
_TABLE = [
    (1, 0.01, 0.0101),
    (5, 0.01, 1.361),
    (10, 0.01, 4.461),
    (20, 0.01, 12.03),
    (50, 0.01, 37.90),
    (100, 0.01, 84.06),
    (5, 0.05, 2.218),
    (10, 0.05, 6.216),
    (30, 0.05, 24.80),
    (100, 0.05, 95.24),
    (10, 0.001, 3.092),
    (20, 0.001, 9.411),
    (100, 0.001, 75.24),
]


@pytest.mark.parametrize(("servers", "blocking", "offered"), _TABLE)
def test_published_tables(servers: int, blocking: float, offered: float) -> None:
    """To the table's four digits, and by each of the three functions."""
    assert erlang_offered(servers, blocking) == pytest.approx(offered, rel=5e-4)
    exact = erlang_offered(servers, blocking)
    assert erlang_b(exact, servers) == pytest.approx(blocking, rel=1e-5)
    assert erlang_servers(exact * 0.9999, blocking) == servers
    assert erlang_servers(exact * 1.0001, blocking) == servers + 1


@pytest.mark.parametrize("offered", [0.3, 4.0, 25.0, 80.0])
@pytest.mark.parametrize("servers", [1, 5, 30, 100])
def test_erlang_b_agrees_with_erlanglib(offered: float, servers: int) -> None:
    """Which computes with a thousand decimal digits."""
    assert erlang_b(offered, servers) == pytest.approx(erlanglib.erlang_b(servers, offered), rel=1e-12, abs=1e-250)


def test_a_million_slots_do_not_overflow() -> None:
    """The asymptotic value where load and servers are equal: B ≈ 1 / (√(π n / 2) + 2/3)."""
    n = 10**6
    assert erlang_b(float(n), n) == pytest.approx(1 / ((3.141592653589793 * n / 2) ** 0.5 + 2 / 3), rel=1e-3)
    assert erlang_b(1.0, n) == 0.0
    assert erlang_b(1e6, erlang_servers(1e6, 0.001)) <= 0.001 < erlang_b(1e6, erlang_servers(1e6, 0.001) - 1)
    assert engset(n, 1.0, n // 2) == pytest.approx(0.0016, abs=2e-4)


def test_nothing_offered_and_no_servers() -> None:
    """Nobody is refused where nobody comes; everybody where there is nothing."""
    assert (erlang_b(0.0, 3), erlang_b(2.0, 0), erlang_offered(0, 0.1)) == (0.0, 1.0, 0.0)
    assert (engset(5, 0.0, 3), engset(5, 1.0, 0), engset(5, 1.0, 5)) == (0.0, 1.0, 0.0)


def _engset_exactly(persons: int, each: Fraction, servers: int) -> Fraction:
    """Call congestion by the sum itself: what one arrival sees of the others."""
    states = [comb(persons - 1, n) * each**n for n in range(servers + 1)]
    return states[-1] / sum(states)


@pytest.mark.parametrize("persons", [2, 7, 20, 60])
@pytest.mark.parametrize("servers", [1, 4, 19])
def test_engset_agrees_with_the_sum_in_fractions(persons: int, servers: int) -> None:
    """For three loads; where there is a slot for everybody, nobody is refused."""
    for each in (Fraction(1, 10), Fraction(1), Fraction(7, 2)):
        told = engset(persons, float(each), servers)
        exact = _engset_exactly(persons, each, servers) if servers < persons else Fraction(0)
        assert told == pytest.approx(float(exact), rel=1e-12)


def test_the_inverse_of_engset_is_the_fewest() -> None:
    """One slot less refuses more; and no more slots than people are ever needed."""
    for persons, each, target in ((50, 0.5, 0.01), (50, 0.5, 0.05), (200, 2.0, 0.001), (3, 10.0, 1e-9)):
        servers = engset_servers(persons, each, target)
        assert engset(persons, each, servers) <= target
        assert servers <= persons
        assert engset(persons, each, servers - 1) > target
