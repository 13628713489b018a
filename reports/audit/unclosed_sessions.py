"""`unclosed-sessions`: no stop was ever sent."""

from __future__ import annotations

from reports.client import Client

from .check import Check, Facts
from .ends import how_it_ended


def _facts(client: Client) -> Facts:
    return {life.number: how_it_ended(life) for life in client.lives if life.unclosed and not life.lost}


CHECK = Check(
    "unclosed-sessions",
    "problem",
    "certain",
    _facts,
    "Never closed by your client: {n}.",
    "Send streaming.stop on every way out (errors, signals, closed pages, reconnects), and wait for its answer: an"
    " unclosed session holds a slot of the account's limit until it has been idle for activity_idle_timeout.",
)
