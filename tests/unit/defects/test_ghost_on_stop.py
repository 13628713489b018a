"""`ghost-on-stop`: stop cannot find it, the list shows it, the limit counts it."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from loadtests.model.api.operation import Operation
from loadtests.model.api.reading import default_reading
from loadtests.model.api.refusals import refusal_reason

from .account import Account

DAY = 86400.0


def test_it_blocks_the_limit_for_ever() -> None:
    """Neither stop, nor idleness, nor a cap ends it; every call says that it is not there."""
    account = Account("ghost-on-stop", limit=1, cap=300)
    ghost = account.new(0)
    refusal = account.ask(10, Operation.STOP, ghost)
    assert (refusal.status, refusal.code) == (404, 400004)
    assert refusal_reason(default_reading().refusals, refusal.status, refusal.code, refusal.message) is Reason.MISSING
    assert account.ask(11, Operation.KEEP_ALIVE, ghost).status == 404
    assert account.listed(DAY) == [ghost]
    assert account.ask(DAY, Operation.NEW).code == 10007


def test_a_share_of_the_sessions() -> None:
    """About three of ten are ghosts, the others are closed; a session that is closed already is no ghost."""
    account = Account("ghost-on-stop=0.3")
    ids = [account.new(0) for _ in range(300)]
    found = sum(account.ask(1, Operation.STOP, each).status == 404 for each in ids)
    assert 60 < found < 120
    assert len(account.listed(2)) == found
    unstopped = account.new(3)
    assert account.ask(100, Operation.STOP, unstopped).code == 10005
