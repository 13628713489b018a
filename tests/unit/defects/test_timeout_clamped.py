"""`timeout-clamped`: a longer timeout is cut silently."""

from __future__ import annotations

import pytest

from loadtests.model.api.operation import Operation

from .account import Account


@pytest.mark.parametrize(("asked", "ends"), [(60, 60), (300, 90), (None, 90)])
def test_longer_ones_are_cut(asked: float | None, ends: float) -> None:
    """Also the default of 120 s; shorter ones are as they were asked for."""
    account = Account("timeout-clamped=90")
    opened = account.ask(0, Operation.NEW, idle_timeout=asked)
    assert account.ended(opened.data["session_id"], by=1000) == ends
