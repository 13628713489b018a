"""Makes it cheap for a worker to receive Locust's `spawn` message, which comes whenever the number of users changes.

For each option that the message holds, Locust builds its parser of options anew to see whether the option is its own (2.47). In
that time, up to a second for each message, a worker would send nothing, and all its requests would be late.
"""

from __future__ import annotations

from functools import cache

from locust import argument_parser


def remember_options() -> None:
    """Has Locust determine its own options once, for all messages."""
    if not hasattr(argument_parser.default_args_dict, "cache_info"):
        argument_parser.default_args_dict = cache(argument_parser.default_args_dict)
