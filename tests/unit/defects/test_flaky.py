"""`flaky`: 5xx, a reset, half an answer, no JSON."""

from __future__ import annotations

from collections import Counter

from loadtests.model.api.delivery import Delivery
from loadtests.model.api.operation import Operation

from .account import Account


def test_each_kind_occurs_and_half_of_them_have_an_effect() -> None:
    """What is broken before it was done opens nothing; what is broken afterwards has."""
    account = Account("flaky=1")
    replies = [account.ask(0, Operation.NEW) for _ in range(400)]
    kinds = Counter((reply.delivery, reply.status >= 500) for reply in replies)
    assert set(kinds) == {
        (Delivery.ANSWERED, True),
        (Delivery.RESET, False),
        (Delivery.HALF, False),
        (Delivery.GARBLED, False),
    }
    assert min(kinds.values()) > 70
    assert len(account.rules.open) == kinds[Delivery.HALF, False] + kinds[Delivery.GARBLED, False]


def test_a_share_of_the_requests() -> None:
    """One in ten is no answer."""
    account = Account("flaky=0.1")
    replies = [account.ask(0, Operation.CREATE_TOKEN) for _ in range(500)]
    broken = sum(reply.delivery is not Delivery.ANSWERED or reply.status >= 500 for reply in replies)
    assert 25 < broken < 80
