"""The header fields of a message, as bytes: their values by name (RFC 9110, section 5)."""

from __future__ import annotations

from collections.abc import Iterable

Header = tuple[bytes, bytes]


def named(headers: Iterable[Header], name: bytes) -> list[bytes]:
    """Returns the values of the fields with this name, which is in lower case."""
    return [value for field, value in headers if field.lower() == name]


def tokens(headers: Iterable[Header], name: bytes) -> set[bytes]:
    """Returns the members of a list-valued field, in lower case."""
    return {token.strip(b" \t").lower() for value in named(headers, name) for token in value.split(b",")} - {b""}
