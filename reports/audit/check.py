"""The checks of an audit: how the facts about sessions become a finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import listed, of_total, verb
from reports.analysis.client import Client, ClientCall, Life
from reports.audit.words import Words
from reports.findings.finding import Confidence, Finding, Severity

MOST_SESSIONS = 100
"""Sessions that a finding names."""

Facts = Mapping[int, str]
"""By session number, the evidence for the finding in that session."""


@dataclass(frozen=True)
class AuditCheck:
    """A finding about sessions."""

    name: str
    severity: Severity
    confidence: Confidence
    facts: Callable[[Client], Facts]
    sentence: str
    """With {n} for "2 of 5 sessions", {them} and {was} for its pronoun and verb; the first session's facts follow it."""
    advice: Callable[[Words], str]
    passed: str
    """What holds if there is no such session."""

    def finding(self, facts: Facts, client: Client) -> Finding:
        """Return the finding for these facts; there is at least one."""
        sentence = self.sentence.format(
            n=of_total(len(facts), len(client.lives), "session"),
            them=verb(len(facts), "it", "them"),
            was=verb(len(facts), "was", "were"),
        )
        first = min(facts)
        return Finding(
            self.name,
            self.severity,
            "your client",
            self.confidence,
            f"{sentence} Session {first}: {facts[first]}.",
            self.advice(Words(client.api)),
            tuple(sorted(facts))[:MOST_SESSIONS],
        )


@dataclass(frozen=True)
class CallCheck:
    """A finding that does not belong to a single session."""

    name: str
    find: Callable[[Client], Finding | None]
    calls: Callable[[Client], Sequence[ClientCall]]
    """The calls that show it."""
    passed: str
    """What holds if there is no finding."""


def kinds(calls: Iterable[ClientCall]) -> str:
    """Return how many calls of each kind: "3 task, 1 stop"."""
    return listed((n, kind) for kind, n in Counter(call.kind for call in calls).most_common())


def how_it_ended(life: Life) -> str:
    """Return how a session that the client did not close ended."""
    if life.reaped is None:
        return "still open at the end"
    by = "presumed reaped" if life.is_presumed else "reaped by the API"
    return f"{by} {format_duration(life.reaped - life.new.t)} after it was opened"
