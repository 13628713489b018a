"""`early-reap`: idle sessions end too soon."""

from __future__ import annotations

import pytest

from .account import Account


@pytest.mark.parametrize(("asked", "ends"), [(60, 40), (30, 10), (15, 1.5)])
def test_it_ends_that_much_sooner(asked: float, ends: float) -> None:
    """20 s before it is due, but never before a tenth of its timeout."""
    account = Account("early-reap=20", idle_range=(1, 3599))
    assert account.ended(account.new(0, asked), by=1000) == pytest.approx(ends)
