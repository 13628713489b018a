"""A wrong use of Locust's options is invalid input, also where Locust itself would say so only after parsing."""

from __future__ import annotations

import pytest

from loadtests.model.text.command_line import in_our_words


@pytest.mark.parametrize(
    ("message", "ours"),
    [
        ("unrecognized arguments: --limt 5", "no option or argument '--limt'; did you mean '--limit'?"),
        ("unrecognized arguments: --limt=5", "no option or argument '--limt=5'; did you mean '--limit'?"),
        ("unrecognized arguments: more", "no option or argument 'more'"),
        ("the following arguments are required: RUN", "RUN is required"),
        ("the following arguments are required: BASE, RUN", "BASE, RUN are required"),
        ("the following arguments are required: SCENARIO, [OPTIONS]", "SCENARIO is required"),
        ("argument -u/--users: invalid int value: 'x'", "--users: must be a whole number (is 'x')"),
        ("argument --rate: invalid float value: '1,5'", "--rate: must be a number (is '1,5')"),
        ("argument --json: not allowed with argument --quiet", "--json: not allowed with argument --quiet"),
    ],
)
def test_messages_of_the_parser(message: str, ours: str) -> None:
    """What is wrong, what it is, and what was meant."""
    assert in_our_words(message, ["--limit", "--rate"]) == ours
