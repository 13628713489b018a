"""What a checker of an audit is, and how its facts become a finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from loadtests.model.text.units import format_duration
from reports.analysis.client import Client, ClientCall, Life
from reports.findings.finding import Confidence, Finding, Severity

_MOST_SESSIONS = 100

Facts = Mapping[int, str]
"""By the session's number, what shows the finding in it."""


@dataclass(frozen=True)
class AuditCheck:
    """A finding that sessions show."""

    name: str
    severity: Severity
    confidence: Confidence
    facts: Callable[[Client], Facts]
    said: str
    """With {n} for "2 of 5 sessions"; what the first of them shows is said after it."""
    advice: str

    def finding(self, facts: Facts, client: Client) -> Finding:
        """What `facts` of some sessions come to."""
        said = self.said.format(n=f"{len(facts)} of {count(len(client.lives), 'session')}")
        first = min(facts)
        return Finding(
            self.name,
            self.severity,
            "your client",
            self.confidence,
            f"{said} Session {first}: {facts[first]}.",
            self.advice,
            tuple(sorted(facts))[:_MOST_SESSIONS],
        )


@dataclass(frozen=True)
class CallCheck:
    """A finding that is of no one session."""

    name: str
    look: Callable[[Client], Finding | None]


def kinds(calls: Iterable[ClientCall]) -> str:
    """How many calls of each kind."""
    return ", ".join(f"{n} {kind}" for kind, n in Counter(call.kind for call in calls).most_common())


def count(n: int, noun: str) -> str:
    """So many of them."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def how_it_ended(life: Life) -> str:
    """In words."""
    if life.reaped is None:
        return "still open at the end"
    return f"closed by the API alone, {format_duration(life.reaped - life.new.t)} after it was opened"
