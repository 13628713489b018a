"""`leak-memory`: slower with each session that ever was."""

from __future__ import annotations

import pytest

from loadtests.model.api.operation import Operation

from .account import Account


def test_closed_sessions_weigh_too() -> None:
    """500 sessions, all closed again: half of what a thousand cost; time alone costs nothing."""
    account = Account("leak-memory=2")
    for _ in range(500):
        account.ask(0, Operation.STOP, account.new(0))
    assert account.ask(1, Operation.CREATE_TOKEN).delay == pytest.approx(1.0)
    assert account.ask(9999, Operation.CREATE_TOKEN).delay == pytest.approx(1.0)
