"""`limit-short`: fewer are accepted than the plan says."""

from __future__ import annotations

import pytest

from loadtests.model.api.surface import Operation
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
