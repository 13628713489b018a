"""`slow-down`: slower with each hour."""

from __future__ import annotations

import pytest

from loadtests.model.api.operation import Operation

from .account import Account


def test_the_hours_count_from_the_first_call() -> None:
    """Whatever the clock said then."""
    account = Account("slow-down=2")
    delays = [account.ask(t, Operation.CREATE_TOKEN).delay for t in (5000, 5000 + 1800, 5000 + 3600)]
    assert delays == [pytest.approx(0), pytest.approx(1), pytest.approx(2)]
