"""Naming defects: each has a test beside it; a mistake is told with what would be right."""

from __future__ import annotations

import pytest

from loadtests.defects.catalogue import DEFECTS, parse_defect, parse_defects
from loadtests.model.api.operation import Operation
from loadtests.model.text.input_error import EXIT_MISTAKE, InputError

from .account import Account

TABLE = {
    *("ghost-on-stop", "keepalive-ignored", "late-reap", "never-reap", "early-reap", "slot-lag", "limit-short"),
    *("hidden-cap", "timeout-clamped", "lost-answer", "hang", "slow-new", "error-in-200", "flaky", "leak-memory"),
    "slow-down",
}
"""What users report."""


def test_every_report_of_users_has_a_defect() -> None:
    """Each by its name."""
    assert set(DEFECTS) >= TABLE


@pytest.mark.parametrize(("text", "said"), [("hang=0.25", "hang=0.25"), ("never-reap", "never-reap=1")])
def test_a_name_and_its_value(text: str, said: str) -> None:
    """What was parsed says itself in a form that parses."""
    assert str(parse_defect(text)) == str(parse_defect(said)) == said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hung=0.1", "did you mean 'hang'?"),
        ("", "known: ghost-on-stop"),
        ("late-reap", "late-reap=VALUE"),
        ("hang=2", "at most 1"),
        ("hang=0", "above 0"),
        ("hang=", "above 0"),
        ("slow-new=seven", "seconds"),
        ("late-reap=inf", "seconds"),
        ("limit-short=1.5", "whole number"),
    ],
)
def test_a_mistake_is_told_with_what_would_be_right(text: str, says: str) -> None:
    """One message, the documented exit code."""
    with pytest.raises(InputError, match="--defect") as caught:
        parse_defect(text)
    assert says in str(caught.value)
    assert caught.value.code == EXIT_MISTAKE


def test_defects_add_up() -> None:
    """Late answers add their seconds; the terms take one change after the other."""
    account = Account("slow-new=2", "slow-new=3", "late-reap=5", "early-reap=1")
    assert account.ask(0, Operation.NEW, idle_timeout=60).delay == 5
    assert account.ended("s1", by=1000) == 64


def test_none_is_the_api_as_documented() -> None:
    """Without defects nothing is changed."""
    assert parse_defects([]) == ()
    account = Account(limit=1)
    session = account.new(0, 60)
    account.ask(30, Operation.KEEP_ALIVE, session)
    assert account.ended(session, by=1000) == 90
