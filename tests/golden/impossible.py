"""Figures of a summary that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_MAY_BE_NEGATIVE = ("margin", "gates")
"""Margins; distances from bounds, and changes over time."""


def negative(value: Any, path: str = "") -> Iterator[str]:
    """The paths of figures below 0."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _MAY_BE_NEGATIVE:
                yield from negative(item, f"{path}/{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from negative(item, f"{path}/{number}")
    elif isinstance(value, int | float) and value < 0:
        yield path
