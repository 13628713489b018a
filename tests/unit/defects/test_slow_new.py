"""`slow-new`: new takes 7 s."""

from __future__ import annotations

from loadtests.model.api.operation import Operation

from .account import Account


def test_new_is_late_and_nothing_else() -> None:
    """The session counts from the request on; a refusal is as late."""
    account = Account("slow-new=7", limit=1)
    assert account.ask(0, Operation.NEW).delay == 7
    assert account.ask(1, Operation.NEW).delay == 7
    assert account.ask(2, Operation.KEEP_ALIVE, "s1").delay == 0
    assert account.listed(3) == ["s1"]
