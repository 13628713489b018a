"""`fail-start`: open, and good for nothing."""

from __future__ import annotations

from loadtests.model.api.operation import Operation

from .account import Account


def test_the_session_stays_open() -> None:
    """It has to be stopped; start was no activity."""
    account = Account("fail-start=1")
    session = account.new(0, 60)
    assert account.ask(30, Operation.START, session).code == 10002
    assert account.listed(59) == [session]
    assert account.ended(session, by=100) == 60
