"""Erlang B and Engset as functions: monotone, within bounds, and inverse to each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.maths.erlang import engset, engset_servers, erlang_b, erlang_servers

_LOADS = st.floats(0.001, 5000, allow_nan=False)
_SERVERS = st.integers(0, 3000)
_TARGETS = st.floats(1e-6, 0.9)


@given(_LOADS, _SERVERS)
def test_blocking_falls_with_servers_and_grows_with_the_load(offered: float, servers: int) -> None:
    """And never is less than what cannot be carried: A (1 − B) ≤ n."""
    blocked = erlang_b(offered, servers)
    assert 0 <= erlang_b(offered, servers + 1) <= blocked <= erlang_b(offered * 1.5, servers) <= 1
    assert offered * (1 - blocked) <= servers * (1 + 1e-9)


@given(_LOADS, _TARGETS)
def test_the_inverse_is_the_fewest_servers(offered: float, target: float) -> None:
    """One less is too few."""
    servers = erlang_servers(offered, target)
    assert erlang_b(offered, servers) <= target * (1 + 1e-9)
    assert servers == 0 or erlang_b(offered, servers - 1) > target * (1 - 1e-9)


@given(st.integers(1, 500), st.floats(0.001, 50), _TARGETS)
def test_engset_needs_no_more_than_erlang(persons: int, each: float, target: float) -> None:
    """Of few people some are inside already: fewer slots do than for strangers of the same load, and never more than people."""
    servers = engset_servers(persons, each, target)
    assert servers <= min(persons, erlang_servers(persons * each, target))
    assert engset(persons, each, servers) <= target * (1 + 1e-9)
