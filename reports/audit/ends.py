"""How a session that its client did not close came to its end."""

from __future__ import annotations

from loadtests.model.units import say_duration
from reports.client import Life


def how_it_ended(life: Life) -> str:
    """In words."""
    if life.reaped is None:
        return "still open at the end"
    return f"closed by the API alone, {say_duration(life.reaped - life.new.t)} after it was opened"
