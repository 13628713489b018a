"""What may become of a session."""

FATES = (
    "closed",
    "censored",
    "expired",
    "capped",
    "dropped",
    "leaked-reaped",
    "leaked-early",
    "leaked-late",
    "swept",
    "lingering",
    "unobserved",
)
"""Causes of a session's end, of which each opened session has exactly one (docs/definitions.md)."""
