"""`hidden-cap`: an end that nobody was told of."""

from __future__ import annotations

from loadtests.model.api.operation import Operation
from loadtests.model.api.rules import CloseCause

from .account import Account


def test_it_ends_at_that_age_whatever_the_activity() -> None:
    """Active each 20 s, closed at 100; `new` tells the cap that is documented alone."""
    account = Account("hidden-cap=100", cap=600)
    opened = account.ask(0, Operation.NEW)
    assert opened.data["session_duration_limit"] == 600
    session = opened.data["session_id"]
    for t in range(20, 100, 20):
        assert account.ask(t, Operation.TASK, session).code == 100
    assert account.ended(session, by=1000) == 100
    assert account.rules.closed[session].cause is CloseCause.CAP
