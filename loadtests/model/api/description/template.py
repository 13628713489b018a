"""Templates with named fields: `{session_id}`, `{idle_timeout}`, `{text}`, `{token}`, and `{kept.NAME}` of earlier answers.

A string that is one field alone becomes the field's value with its type; a field inside a longer string becomes text.
`{{` and `}}` are braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from loadtests.model.text.suggestion import nearest

SESSION_ID, IDLE_TIMEOUT, TEXT, TOKEN = "session_id", "idle_timeout", "text", "token"
FIELDS = (SESSION_ID, IDLE_TIMEOUT, TEXT, TOKEN)
KEPT = "kept."
"""Before the name of a value that an earlier answer gave."""

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_encode = msgspec.json.Encoder().encode


class Field(NamedTuple):
    """A place in a template that is filled for each request."""

    name: str
    is_text: bool
    """Whether it stands inside a longer string."""


Piece = bytes | Field


def parts(text: str) -> Iterator[str | Field]:
    """Yields text and fields of a template. Raises ValueError for an unknown field or a lone brace."""
    found = list(_PART.finditer(text))
    for match in found:
        whole, name = match.group(0), match.group(1)
        if whole in ("{{", "}}"):
            yield whole[0]
        elif name is not None:
            yield Field(_known(name), is_text=len(found) > 1)
        elif whole in "{}":
            raise ValueError(f"has a brace without its pair: {text!r}; write {{{{ or }}}} for a brace")
        else:
            yield whole


def fields_in(template: Any) -> Iterator[str]:
    """Yields the names of the fields in the strings of a JSON document. Raises ValueError as `parts` does."""
    if isinstance(template, str):
        yield from (part.name for part in parts(template) if isinstance(part, Field))
    elif isinstance(template, dict):
        for value in template.values():
            yield from fields_in(value)
    elif isinstance(template, list | tuple):
        for value in template:
            yield from fields_in(value)


def json_pieces(template: Any) -> tuple[Piece, ...]:
    """Returns a JSON document as bytes and fields, in their order."""
    return _joined(_json(template))


def text_pieces(template: str) -> tuple[Piece, ...]:
    """Returns a text, such as a path, as bytes and fields."""
    return _joined(part if isinstance(part, Field) else part.encode() for part in parts(template))


def pointer_of(template: Any, name: str, before: str = "") -> str | None:
    """Returns where in a JSON document the field `name` stands alone, as a JSON Pointer; None: nowhere."""
    if isinstance(template, str):
        return before if list(parts(template)) == [Field(name, is_text=False)] else None
    if isinstance(template, Mapping):
        found = (
            pointer_of(value, name, f"{before}/{key.replace('~', '~0').replace('/', '~1')}")
            for key, value in template.items()
        )
        return next((pointer for pointer in found if pointer is not None), None)
    return None


def _known(name: str) -> str:
    if name in FIELDS or (name.startswith(KEPT) and name.removeprefix(KEPT).isidentifier()):
        return name
    raise ValueError(
        f"has the unknown field {{{name}}} (known: {', '.join(FIELDS)}, {KEPT}NAME){nearest(name, FIELDS)}"
    )


def _json(template: Any) -> Iterator[Piece]:
    if isinstance(template, dict):
        yield b"{"
        for number, (key, value) in enumerate(template.items()):
            yield (b"," if number else b"") + _encode(key) + b":"
            yield from _json(value)
        yield b"}"
    elif isinstance(template, list | tuple):
        yield b"["
        for number, value in enumerate(template):
            yield b"," if number else b""
            yield from _json(value)
        yield b"]"
    elif isinstance(template, str):
        yield from _string(template)
    else:
        yield _encode(template)


def _string(template: str) -> Iterator[Piece]:
    found = list(parts(template))
    if len(found) == 1 and isinstance(found[0], Field):
        yield found[0]
        return
    yield b'"'
    for part in found:
        yield part if isinstance(part, Field) else _encode(part)[1:-1]
    yield b'"'


def _joined(pieces: Any) -> tuple[Piece, ...]:
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)
