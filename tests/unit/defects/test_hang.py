"""`hang`: no effect, no answer."""

from __future__ import annotations

import pytest

from loadtests.model.api.delivery import Delivery
from loadtests.model.api.operation import Operation

from .account import Account


@pytest.mark.parametrize("operation", Operation)
def test_any_call_may_hang(operation: Operation) -> None:
    """Nothing is opened, kept alive or listed by it."""
    account = Account("hang=1")
    assert account.ask(0, operation).delivery is Delivery.UNANSWERED
    assert account.rules.open == {}


def test_some_do() -> None:
    """About one in five."""
    account = Account("hang=0.2")
    hung = sum(account.ask(t, Operation.CREATE_TOKEN).delivery is Delivery.UNANSWERED for t in range(300))
    assert 30 < hung < 95
