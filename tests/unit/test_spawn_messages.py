"""A spawn message does not make a worker build the command-line parser again and again."""

from __future__ import annotations

import pytest
from locust import argument_parser

from loadtests.plugin.spawn_messages import read_defaults_once


def test_the_defaults_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are what Locust reads, and a hundred comparisons build one parser."""
    defaults = argument_parser.default_args_dict()
    monkeypatch.setattr(argument_parser, "default_args_dict", argument_parser.default_args_dict)
    built = []
    build = argument_parser.get_empty_argument_parser
    monkeypatch.setattr(argument_parser, "get_empty_argument_parser", lambda: built.append(1) or build())
    read_defaults_once()
    assert [option for option in defaults if option not in argument_parser.default_args_dict()] == []
    assert argument_parser.default_args_dict() == defaults
    assert len(built) == 1
