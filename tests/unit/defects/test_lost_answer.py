"""`lost-answer`: opened, and never answered."""

from __future__ import annotations

from loadtests.model.api.delivery import Delivery
from loadtests.model.api.operation import Operation

from .account import Account


def test_the_session_is_open_and_nobody_knows() -> None:
    """Listed, holding a slot; a refusal is answered."""
    account = Account("lost-answer=1", limit=1)
    assert account.ask(0, Operation.NEW).delivery is Delivery.UNANSWERED
    assert account.listed(1) == ["s1"]
    refusal = account.ask(2, Operation.NEW)
    assert (refusal.code, refusal.delivery) == (10007, Delivery.ANSWERED)


def test_equal_seeds_lose_the_same_answers() -> None:
    """About one in five, the same ones each time; another seed loses others."""
    lost = [
        [Account_.ask(t, Operation.NEW).delivery is Delivery.UNANSWERED for t in range(200)]
        for Account_ in (Account("lost-answer=0.2", seed=seed) for seed in (1, 1, 2))
    ]
    assert lost[0] == lost[1] != lost[2]
    assert 20 < sum(lost[0]) < 65
