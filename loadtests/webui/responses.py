"""Answers that several routes give."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import msgspec
from flask import Response

JSON = "application/json"

Guarded = Callable[[Callable[..., Any]], Callable[..., Any]]
"""A decorator for views: Locust's login, if it is enabled."""

_PAGES = files(__package__) / "pages"


def as_json(value: Any) -> Response:
    """Returns an answer with `value` as JSON."""
    return Response(msgspec.json.encode(value), mimetype=JSON)


def page_text(name: str) -> bytes:
    """Returns a file of `pages/`."""
    return (_PAGES / name).read_bytes()
