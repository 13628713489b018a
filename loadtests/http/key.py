"""Reads the API key from the environment variable KONPRO_API_KEY, its only source."""

from __future__ import annotations

import os

from loadtests.model.text.input_error import InputError

VARIABLE = "KONPRO_API_KEY"
_NONE = "sandbox"
"""Sent if no key is set; not a secret."""


def api_key() -> str:
    """Returns the key, or a placeholder that the sandbox accepts. Raises InputError if the key is malformed."""
    key = os.environ.get(VARIABLE) or _NONE
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InputError.of(VARIABLE, "contains whitespace or non-ASCII characters; trailing newline?")
    return key


def has_key() -> bool:
    """Whether a key is set."""
    return bool(os.environ.get(VARIABLE))


def without_key() -> dict[str, str]:
    """Returns the environment for a subprocess that must not see the key."""
    return {name: value for name, value in os.environ.items() if name != VARIABLE}


def redacted(text: str, key: str) -> str:
    """Returns `text` with the key removed: some APIs repeat a key that they reject."""
    return text.replace(key, "[the key]") if key != _NONE else text
