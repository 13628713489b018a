"""How a reply reaches the client: complete, in part, or not at all."""

from __future__ import annotations

from enum import StrEnum


class Delivery(StrEnum):
    """How a reply reaches the client."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    """No reply is sent; the connection stays open until the client gives up."""
    RESET = "reset"
    """The connection is reset instead of a reply."""
    HALF = "half"
    """The first half of the reply is sent, then the connection is closed."""
    GARBLED = "garbled"
    """The body is not JSON."""
