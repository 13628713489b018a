"""`lost-answers`: opened by a `new` whose answer was lost, and never closed."""

from __future__ import annotations

from reports.client import Client

from .check import Check, Facts
from .ends import how_it_ended


def _facts(client: Client) -> Facts:
    return {life.number: how_it_ended(life) for life in client.lives if life.lost and life.stopped is None}


CHECK = Check(
    "lost-answers",
    "warning",
    "certain",
    _facts,
    "Opened by a new whose answer was lost, and left open: {n}.",
    "After a new without an answer, look the session up in streaming.list and close it.",
)
