"""An audit: the sandbox recorded the user's own client, which is judged by what it left open and sent wrongly."""

from __future__ import annotations

from reports.analysis.cause import describe_cause
from reports.analysis.client import read_client
from reports.audit.audit import audit
from reports.findings.catalogue import find_in_audit
from reports.sources.interpretation import Interpretation
from reports.sources.measured import Measured


def interpret_audit(measured: Measured) -> Interpretation:
    """Returns the findings about the client, and the verdict of the audit."""
    evidence = measured.evidence
    audited = audit(read_client(evidence.log), evidence.manifest)
    found, checks = find_in_audit(evidence)
    findings = [*audited.findings, *found]
    cause = describe_cause(evidence.counterfactual, evidence.hits, evidence.slots, evidence.manifest.limit)
    return Interpretation(
        findings, checks, audited.verdict, cause, findings, {"audit": audited.as_dict()}, audit=audited
    )
