"""The findings as SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from reports.findings.finding import Finding
from reports.summary import Analysis

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"problem": "error", "warning": "warning"}


def sarif(analysis: Analysis, evidence: str) -> str:
    """Returns the file's text. `evidence`: the path of summary.json, which stands for the place: an audit sees calls, no code."""
    rules = {finding.name: finding for finding in analysis.findings}
    driver = {
        "name": "streamsoak",
        "rules": [
            {"id": name, "shortDescription": {"text": name}, "help": {"text": finding.advice}}
            for name, finding in rules.items()
        ],
    }
    results = [_result(finding, list(rules).index(finding.name), evidence) for finding in analysis.findings]
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"streamsoak/{analysis.log.manifest.run}"},
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _result(finding: Finding, rule: int, evidence: str) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": {"uri": quote(evidence)}, "region": {"startLine": 1}}}
    return {
        "ruleId": finding.name,
        "ruleIndex": rule,
        "level": _LEVELS.get(finding.severity, "note"),
        "message": {"text": f"{finding.text} {finding.advice}"},
        "locations": [place],
        "properties": {"owner": finding.owner, "confidence": finding.confidence, "sessions": list(finding.sessions)},
    }
