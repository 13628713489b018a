"""The API key: from the environment variable KONPRO_API_KEY, and from nowhere else."""

from __future__ import annotations

import os

from loadtests.model.text.input_error import InputError

VARIABLE = "KONPRO_API_KEY"
_NONE = "sandbox"
"""Sent where there is no key: no secret."""


def api_key() -> str:
    """The key; where there is none, a word that the sandbox takes. Raises InputError."""
    key = os.environ.get(VARIABLE) or _NONE
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InputError.of(VARIABLE, "holds characters that no API key has: is there a line break at its end?")
    return key


def has_key() -> bool:
    """Whether there is one."""
    return bool(os.environ.get(VARIABLE))


def without_key() -> dict[str, str]:
    """The environment of a process that has no business with the key."""
    return {name: value for name, value in os.environ.items() if name != VARIABLE}


def redacted(text: str, key: str) -> str:
    """What the API said, without the key: some APIs repeat the one that they refuse."""
    return text.replace(key, "[the key]") if key != _NONE else text
