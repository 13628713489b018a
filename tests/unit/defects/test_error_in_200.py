"""`error-in-200`: refusals that look like success to who reads the status alone."""

from __future__ import annotations

from loadtests.model.api.operation import Operation

from .account import Account


def test_refusals_keep_their_code() -> None:
    """HTTP 200 with the code and the message of the refusal; nothing opened by it."""
    account = Account("error-in-200", limit=1)
    account.new(0)
    full = account.ask(1, Operation.NEW)
    assert (full.status, full.code, full.message) == (200, 10007, "Concurrent limit reached")
    missing = account.ask(2, Operation.STOP, "nobody")
    assert (missing.status, missing.code) == (200, 10006)


def test_a_share_of_the_refusals() -> None:
    """About half of them."""
    account = Account("error-in-200=0.5")
    statuses = [account.ask(0, Operation.STOP, "nobody").status for _ in range(300)]
    assert 110 < statuses.count(200) < 190
    assert set(statuses) == {200, 404}
