"""`keepalive-ignored`: answered "success", without effect."""

from __future__ import annotations

from loadtests.model.api.operation import Operation

from .account import Account


def test_keep_alives_succeed_and_the_session_dies() -> None:
    """Idle since the task at 30, whatever keep-alives say; a closed session is said to be closed."""
    account = Account("keepalive-ignored")
    session = account.new(0, 60)
    account.ask(30, Operation.TASK, session, words=3)
    assert [account.ask(t, Operation.KEEP_ALIVE, session).code for t in (50, 70)] == [100, 100]
    assert account.ended(session, by=100) == 90
    assert account.ask(100, Operation.KEEP_ALIVE, session).code == 10005


def test_a_session_is_ignored_always_or_never() -> None:
    """Half of the sessions live by their keep-alives, the others die at 60 s: none in between."""
    account = Account("keepalive-ignored=0.5")
    ids = [account.new(0, 60) for _ in range(200)]
    for t in (40, 80, 120):
        for each in ids:
            account.ask(t, Operation.KEEP_ALIVE, each)
    ends = [account.ended(each, by=1000) for each in ids]
    assert set(ends) == {60, 180}
    assert 60 < ends.count(60) < 140
