"""Lists that are late, that show too much or too little; ids given twice; stops that do nothing."""

from __future__ import annotations

from loadtests.model.api.operation import Operation

from .account import Account


def test_a_list_that_lags() -> None:
    """Appears 5 s late, disappears 5 s late; the slots are what they are."""
    account = Account("list-lag=5", limit=1)
    session = account.new(10)
    assert account.listed(14.9) == []
    assert account.listed(15) == [session]
    account.ask(20, Operation.STOP, session)
    assert account.listed(24.9) == [session]
    assert account.listed(25.1) == []
    assert account.ask(21, Operation.NEW).code == 100


def test_a_list_with_ended_sessions() -> None:
    """Shown for 5 s after a stop or a reap, while the slot is free."""
    account = Account("list-ended=5", limit=1)
    session = account.new(0, 30)
    assert account.listed(34.9) == [session]
    assert account.listed(35.1) == []
    assert account.ask(31, Operation.NEW).code == 100


def test_a_list_that_omits_rows() -> None:
    """About a fifth, others each time."""
    account = Account("list-omits=0.2")
    everyone = {account.new(0) for _ in range(500)}
    first, second = set(account.listed(1)), set(account.listed(2))
    assert first < everyone
    assert 350 <= len(first) <= 450
    assert first != second


def test_a_list_that_is_empty_now_and_then() -> None:
    """Empty or whole."""
    account = Account("list-empty=0.3")
    account.new(0), account.new(0)
    assert {len(account.listed(float(second))) for second in range(50)} == {0, 2}


def test_a_clock_that_is_ahead() -> None:
    """In the list only; sessions end when they are due."""
    account = Account("clock-ahead=3600")
    session = account.new(10, 60)
    assert [row.created for row in account.ask(11, Operation.LIST).data] == [3610]
    assert account.ended(session, by=100) == 70


def test_an_id_that_is_given_twice() -> None:
    """The second session exists, and nobody knows its id."""
    account = Account("repeated-id=1")
    assert account.new(0) == account.new(1) == "s1"
    assert account.listed(2) == ["s1", "s2"]


def test_a_stop_without_effect() -> None:
    """Acknowledged, and the session is reaped when it is due."""
    account = Account("stop-ignored")
    session = account.new(0, 60)
    assert account.ask(10, Operation.STOP, session).code == 100
    assert account.listed(59) == [session]
    assert account.ended(session, by=100) == 60


def test_a_list_that_shows_a_part() -> None:
    """The newest two of three, with the total; all of them while there are no more."""
    account = Account("list-partial=2")
    for now in range(3):
        account.new(float(now))
    reply = account.ask(5, Operation.LIST)
    assert [session.id for session in reply.data] == ["s3", "s2"]
    assert reply.data.total == 3
    account.ask(6, Operation.STOP, "s1")
    assert account.listed(7) == ["s2", "s3"]
