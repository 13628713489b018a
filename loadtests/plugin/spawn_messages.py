"""Keeps the master's spawn messages from stalling a worker.

For each spawn message a worker of Locust compares some hundred options with the defaults, and builds the whole command-line
parser for each of them (`WorkerRunner.handle_message`, Locust 2.47): 0.5 to 1 s in which nothing else runs, once a second while
users are added or removed. The defaults do not change, so they are read once.
"""

from __future__ import annotations

from functools import cache

from locust import argument_parser


def read_defaults_once() -> None:
    """Makes Locust remember its options' defaults, in this process."""
    argument_parser.default_args_dict = cache(argument_parser.default_args_dict)
