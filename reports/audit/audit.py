"""Audits a client: the verdict on each of its sessions, and the findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.model.run.manifest import Manifest
from loadtests.model.text.units import format_duration
from reports.analysis.client import Client, Life, as_dict
from reports.audit.catalogue import CALL_CHECKS, CHECKS
from reports.audit.check import Facts
from reports.audit.recorded import RECORDED_CHECKS, judge_recording, recorded_call_findings, recorded_facts
from reports.audit.verdict import judge
from reports.findings.check import ORDER
from reports.findings.finding import Finding
from reports.verdict.verdict import Verdict

CLOSED = "closed"
LOST = "lost-answers"


@dataclass(frozen=True)
class AuditResult:
    """One session, and what the client did wrong with it."""

    life: Life
    facts: Mapping[str, str]
    """By finding name, the worst first."""

    @property
    def findings(self) -> str:
        """The names of all findings, the worst first; how the session ended, if there are none."""
        return ", ".join(self.facts) or self.verdict

    @property
    def closed_by(self) -> str:
        """Who closed it, and when: "client, 12.3 s", "API, 32 s", "not closed"."""
        if self.life.ended is None:
            return "not closed"
        return f"{'client' if self.life.stopped is not None else 'API'}, {format_duration(self.life.ended)}"

    @property
    def verdict(self) -> str:
        """The worst finding's name, or how the session ended."""
        return next(iter(self.facts), CLOSED if self.life.stopped is not None else LOST if self.life.lost else "ended")


@dataclass(frozen=True)
class Audit:
    """The result of an audit."""

    sessions: tuple[AuditResult, ...]
    client: Client
    findings: list[Finding]
    verdict: Verdict
    facts: Mapping[str, Facts] = field(repr=False)

    @property
    def has_checked(self) -> bool:
        """Whether there was something to check: the client opened a session."""
        return bool(self.sessions)

    def as_dict(self) -> dict[str, Any]:
        """The part `audit` of summary.json."""
        return {
            "calls": self.client.calls,
            "refused_new": len(self.client.refused),
            "sessions": [
                {**as_dict(judged.life), "verdict": judged.verdict, "facts": dict(judged.facts)}
                for judged in self.sessions
            ],
        }


def audit(client: Client, manifest: Manifest) -> Audit:
    """Check `client` and judge it; findings are the worst first."""
    facts = {check.name: check.facts(client) for check in CHECKS}
    found = [check.finding(facts[check.name], client) for check in CHECKS if facts[check.name]]
    findings = [*found, *(finding for check in CALL_CHECKS if (finding := check.find(client)))]
    return _audit(client, findings, facts, judge(client, findings, manifest))


def audit_recording(client: Client, manifest: Manifest) -> Audit:
    """Check the clients of a recording and judge them."""
    facts = {check.name: recorded_facts(check, client) for check in RECORDED_CHECKS}
    found = [check.finding(facts[check.name], client) for check in RECORDED_CHECKS if facts[check.name]]
    findings = [*found, *recorded_call_findings(client)]
    return _audit(client, findings, facts, judge_recording(client, findings, manifest))


def _audit(client: Client, findings: list[Finding], facts: Mapping[str, Facts], verdict: Verdict) -> Audit:
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    sessions = tuple(
        AuditResult(life, {name: shown[life.number] for name, shown in facts.items() if life.number in shown})
        for life in client.lives
    )
    return Audit(sessions, client, findings, verdict, facts)
