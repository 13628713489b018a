"""The SARIF file of an audit: what GitHub's code scanning requires of it. The whole was validated against SARIF's own schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reports.output.sarif import sarif

from .test_audit import Seen


def _run(tmp_path: Path, evidence: str) -> dict[str, Any]:
    seen = Seen().opened(1, 1).did(1, "task", 3).reaped(1, 33).opened(2, 35).did(2, "stop", 39)
    analysis = seen.failed(2, "task", 40.0).call(0, "list", 45.0).analysed(tmp_path, audit=True)
    document = json.loads(sarif(analysis, evidence))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return dict(run)


def test_results_and_rules_belong_together(tmp_path: Path) -> None:
    """Each result has the index of its rule; problems are errors, warnings warnings; message and place are there."""
    run = _run(tmp_path, "runs/a/summary.json")
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert [(one["ruleId"], one["level"]) for one in results] == [
        ("unclosed-sessions", "error"),
        ("calls-on-closed-session", "warning"),
    ]
    for result in results:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["help"]["text"]
        assert result["message"]["text"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "runs/a/summary.json"
        assert place["physicalLocation"]["region"]["startLine"] == 1
    assert results[0]["properties"]["sessions"] == [1]


def test_a_path_is_a_uri(tmp_path: Path) -> None:
    """What a URI cannot hold is escaped."""
    (first, *_) = _run(tmp_path, "/my runs/ä/summary.json")["results"]
    uri = first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "/my%20runs/%C3%A4/summary.json"
