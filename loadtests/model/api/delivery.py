"""What the wire does with an answer: it may come whole, late, in part, or not at all."""

from __future__ import annotations

from enum import StrEnum


class Delivery(StrEnum):
    """What becomes of an answer on its way to the client."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    """It never comes; the connection stays open until the client gives up."""
    RESET = "reset"
    """The connection is reset instead."""
    HALF = "half"
    """Its first half comes, then the connection is closed."""
    GARBLED = "garbled"
    """Something comes that is not JSON."""
