"""`fail-new`: no room, whatever the limit."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from loadtests.model.api.operation import Operation
from loadtests.model.api.reading import default_reading
from loadtests.model.api.refusals import refusal_reason

from .account import Account


def test_nothing_is_opened() -> None:
    """Session full, which is no concurrency hit."""
    account = Account("fail-new=1")
    refusal = account.ask(0, Operation.NEW)
    assert (
        refusal_reason(default_reading().refusals, refusal.status, refusal.code, refusal.message) is Reason.SESSION_FULL
    )
    assert account.listed(1) == []
