"""Reads the API key from the environment, its only source: STREAMSOAK_API_KEY, or a variable that the API's users have."""

from __future__ import annotations

import os

from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.text.input_error import InputError

COMMON = "STREAMSOAK_API_KEY"
VARIABLE = "KONPRO_API_KEY"
_NONE = "sandbox"
"""Sent if no key is set; not a secret."""
_seen: set[str] = {COMMON, VARIABLE}
"""Variables that may hold a key of an API that this process has to do with."""


def api_key(api: ApiDescription | None = None) -> str:
    """Returns the key of `api` (None: the default one), or a placeholder that the sandbox accepts.

    Raises InputError if the key is malformed.
    """
    variable = next((name for name in key_variables(api) if os.environ.get(name)), "")
    key = os.environ.get(variable) or _NONE
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InputError.of(variable, "contains whitespace or non-ASCII characters; trailing newline?")
    return key


def has_key(api: ApiDescription | None = None) -> bool:
    """Whether a key is set."""
    return any(os.environ.get(name) for name in key_variables(api))


def without_key() -> dict[str, str]:
    """Returns the environment for a subprocess that must not see the key."""
    return {name: value for name, value in os.environ.items() if name not in _seen}


def redacted(text: str, key: str) -> str:
    """Returns `text` with the key removed: some APIs repeat a key that they reject."""
    return text.replace(key, "[the key]") if key != _NONE else text


def key_variables(api: ApiDescription | None = None) -> tuple[str, ...]:
    """Returns the variables that may hold the key; the first that is set counts. KONPRO_API_KEY is always the last."""
    found = tuple(dict.fromkeys((COMMON, *(api or default_api()).key.variables, VARIABLE)))
    _seen.update(found)
    return found
