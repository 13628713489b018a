"""`late-reap`: idle sessions end too late."""

from __future__ import annotations

from loadtests.model.api.operation import Operation

from .account import Account


def test_it_ends_that_much_later() -> None:
    """Due at 60, closed at 80; activity in between still counts."""
    account = Account("late-reap=20")
    left, kept = account.new(0, 60), account.new(0, 60)
    account.ask(70, Operation.KEEP_ALIVE, kept)
    assert (account.ended(left, by=1000), account.ended(kept, by=1000)) == (80, 150)
