"""A recording: the calls of many clients to the real API, and how their sessions ended."""

from __future__ import annotations

from reports.analysis.cause import describe_recorded_cause
from reports.analysis.closures import build_closures
from reports.analysis.recorded_client import read_recorded_client
from reports.audit.audit import audit_recording
from reports.audit.recorded import of_one_client
from reports.findings.catalogue import find_in_recording
from reports.sources.interpretation import Interpretation
from reports.sources.measured import Measured


def interpret_recording(measured: Measured) -> Interpretation:
    """Returns the findings about the clients, their verdict, and the closure patterns."""
    evidence, log = measured.evidence, measured.evidence.log
    audited = audit_recording(read_recorded_client(log), log.manifest)
    found, checks = find_in_recording(evidence)
    findings = [*audited.findings, *found]
    closures = build_closures(log)
    return Interpretation(
        findings,
        checks,
        audited.verdict,
        describe_recorded_cause(evidence.counterfactual, evidence.hits, evidence.slots, log.manifest.limit),
        of_one_client(findings),
        {"audit": audited.as_dict(), "recording": closures.as_dict()},
        audit=audited,
        closures=closures,
    )
