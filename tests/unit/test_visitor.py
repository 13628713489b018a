"""The actions of a locustfile's own visit: one that is asked for and dropped does nothing, and is told."""

from __future__ import annotations

import itertools
import re

import pytest

from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import build_profile
from loadtests.model.session.person import Person
from loadtests.model.session.steps import Behaviour, Call
from loadtests.plugin.users.visitor import Visitor


@pytest.fixture
def visitor() -> Visitor:
    """Somebody who has done nothing yet."""
    profile = build_profile("test", {"name": "test", "session_length": 60}, None, (1.0, 3599.0))  # type: ignore[arg-type]
    return Visitor(Person(profile, Draw.of(1, "test"), itertools.count(1).__next__), 0.0)


def test_an_action_without_yield_from_is_told(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    """With what was asked for, and the line."""
    visitor.say(words=3)
    (record,) = caplog.records
    message = record.getMessage()
    assert re.search(r"test_visitor\.py, line \d+: visitor\.say\(\) without `yield from` does nothing", message)


def test_an_action_that_happens_is_not_told(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    """Also if the visit ends in the middle of it."""

    def visit() -> Behaviour:
        yield from visitor.say(words=3)

    steps = visit()
    assert isinstance(next(steps), Call)
    steps.close()
    assert caplog.records == []
