"""`never-reap`: idle sessions do not end."""

from __future__ import annotations

from loadtests.model.api.operation import Operation

from .account import Account


def test_idleness_ends_nothing() -> None:
    """Open after a day; the cap and stop still end it."""
    account = Account("never-reap")
    session = account.new(0)
    assert account.ended(session, by=86400) is None
    assert account.ask(86400, Operation.STOP, session).code == 100
    capped = Account("never-reap", cap=300)
    assert capped.ended(capped.new(0), by=1000) == 300


def test_a_share_of_the_sessions() -> None:
    """About one of five stays."""
    account = Account("never-reap=0.2")
    for _ in range(300):
        account.new(0)
    assert 30 < len(account.listed(1000)) < 95
