"""The fates that a session may have."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FATES = (
    "closed",
    "censored",
    "expired",
    "capped",
    "dropped",
    "stop-failed",
    "leaked-reaped",
    "leaked-early",
    "leaked-late",
    "swept",
    "lingering",
    "unobserved",
)
"""Causes of a session's end, of which each opened session has exactly one (docs/definitions.md)."""

_IN_WORDS: Mapping[str, str] = MappingProxyType({"censored": "still open when the run ended"})


def in_words(fate: str) -> str:
    """A fate as a reader of a page is told it: where its name is statistics' own, in words."""
    return _IN_WORDS.get(fate, fate)
