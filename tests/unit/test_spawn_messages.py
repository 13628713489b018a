"""A spawn message does not make a worker build the command-line parser again and again."""

from __future__ import annotations

import subprocess
import sys

_COMPARE = """
from locust import argument_parser
from loadtests.plugin.spawn_messages import read_defaults_once
defaults = argument_parser.default_args_dict()
built, build = [], argument_parser.get_empty_argument_parser
argument_parser.get_empty_argument_parser = lambda: built.append(1) or build()
read_defaults_once()
assert [option for option in defaults if option not in argument_parser.default_args_dict()] == []
assert argument_parser.default_args_dict() == defaults
print(len(defaults) > 50, len(built))
"""


def test_the_defaults_are_read_once() -> None:
    """They are what Locust reads, and a hundred comparisons build one parser. In a process that gevent may patch."""
    done = subprocess.run([sys.executable, "-c", _COMPARE], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["True", "1"], done.stderr
