"""`slot-lag`: a slot is free some time after stop."""

from __future__ import annotations

from loadtests.model.api.operation import Operation

from .account import Account


def test_the_slot_is_held_for_a_while() -> None:
    """The session is closed at once for its client, listed and counted for 3 s more."""
    account = Account("slot-lag=3", limit=1)
    session = account.new(0)
    assert account.ask(10, Operation.STOP, session).code == 100
    assert account.ask(10.5, Operation.TASK, session).code == 10005
    assert account.listed(12.9) == [session]
    assert account.ask(12.9, Operation.NEW).code == 10007
    assert account.listed(13) == []
    assert account.ask(13, Operation.NEW).code == 100


def test_a_session_that_was_reaped_holds_nothing() -> None:
    """Only stop lags."""
    account = Account("slot-lag=3", limit=1)
    account.new(0, 60)
    assert account.ask(60, Operation.NEW).code == 100


def test_a_lag_that_the_list_does_not_show() -> None:
    """After a stop, for `hidden-slot-lag`; after any end, for `end-lag`."""
    for defect, after_reap in (("hidden-slot-lag=3", 100), ("end-lag=3", 10007)):
        account = Account(defect, limit=1)
        session = account.new(0, 60)
        account.ask(10, Operation.STOP, session)
        assert account.listed(10.5) == []
        assert account.ask(12.9, Operation.NEW).code == 10007
        account.new(13, 60)
        assert account.ask(74, Operation.NEW).code == after_reap
