"""JSON Pointers (RFC 6901): where a value is in a JSON document."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator

Getter = Callable[[Any], Any]
"""Returns the value at a pointer of a decoded JSON document; None if there is none."""


def _checked(text: str) -> str:
    if text and not text.startswith("/"):
        raise ValueError('must be a JSON Pointer such as "/data/id", or "" for the whole document')
    return text


Pointer = Annotated[str, AfterValidator(_checked)]
"""A JSON Pointer; "" is the whole document."""


@lru_cache(maxsize=1024)
def tokens_of(pointer: str) -> tuple[str, ...]:
    """Returns the names on the way to the value."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def getter(pointer: str) -> Getter:
    """Returns the function that looks up `pointer`."""
    tokens = tokens_of(pointer)
    if len(tokens) == 1:
        # Nearly all of them.
        return _member(tokens[0])

    def get(document: Any) -> Any:
        for token in tokens:
            document = _step(document, token)
        return document

    return get


def put(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Sets the value at `pointer`, with objects on the way to it where there is nothing yet."""
    *way, last = tokens_of(pointer)
    place: Any = document
    for token in way:
        if isinstance(place, list):
            place = place[int(token)]
        else:
            if place.get(token) is None:
                place[token] = {}
            place = place[token]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value


def _member(name: str) -> Getter:
    def get(document: Any) -> Any:
        return document.get(name) if isinstance(document, dict) else _step(document, name)

    return get


def _step(document: Any, token: str) -> Any:
    if isinstance(document, dict):
        return document.get(token)
    if isinstance(document, list) and token.isascii() and token.isdigit() and int(token) < len(document):
        return document[int(token)]
    return None
