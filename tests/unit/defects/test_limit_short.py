"""`limit-short`: fewer are accepted than the plan says."""

from __future__ import annotations

import pytest

from loadtests.model.api.operation import Operation
from loadtests.model.text.input_error import InputError

from .account import Account


def test_two_are_missing() -> None:
    """Of five, three are accepted."""
    account = Account("limit-short=2", limit=5)
    codes = [account.ask(0, Operation.NEW).code for _ in range(5)]
    assert codes == [100, 100, 100, 10007, 10007]


@pytest.mark.parametrize("limit", [None, 2])
def test_there_must_be_something_left(limit: int | None) -> None:
    """Without a limit, or with none left of it, the mistake is told."""
    with pytest.raises(InputError, match="limit"):
        Account("limit-short=2", limit=limit)


def test_a_limit_that_drops_in_every_second_period() -> None:
    """Two of three in the second ten minutes; who is there already stays."""
    account = Account("limit-drops=1", limit=3)
    for now, accepted in ((0, 3), (700, 2), (1300, 3)):
        codes = [account.ask(now, Operation.NEW, idle_timeout=60).code for _ in range(4)]
        assert codes.count(100) == accepted
    with pytest.raises(InputError, match="limit-drops=3"):
        Account("limit-drops=3", limit=3)
