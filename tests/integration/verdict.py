"""What a pipeline reads of a run, and that all of it says the same."""

from __future__ import annotations

from pathlib import Path

import jsonschema
from junitparser import Error, Failure, JUnitXml, Skipped

from reports.output.schema import schema

from .crew import streamsoak, summary

CODES = {"pass": 0, "fail": 1, "unknown": 2}
HEADINGS = {"pass": "Passed", "fail": "Failed", "unknown": "Inconclusive"}
RED = {"pass": [], "fail": [Failure], "unknown": [Error]}


def verdict_of(folder: Path, code: int) -> str:
    """The verdict, which exit code, summary.json, junit.xml, summary.md and `streamsoak check` agree about."""
    told = summary(folder)
    jsonschema.Draft202012Validator(schema()).validate(told)
    verdict: str = told["verdict"]
    assert code == CODES[verdict], told["sentence"]
    assert (folder / "summary.md").read_text(encoding="utf-8").startswith(f"### streamsoak: {HEADINGS[verdict]}\n")
    cases = {case.name: case for suite in JUnitXml.fromfile(str(folder / "junit.xml")) for case in suite}
    # Where a gate is as red, the verdict is not red beside it.
    is_told = verdict != "pass" and verdict in {gate["result"] for gate in told["gates"]}
    assert [type(result) for result in cases["verdict"].result] == ([Skipped] if is_told else RED[verdict])
    for gate in told["gates"]:
        assert [type(result) for result in cases[gate["gate"]].result] == RED[gate["result"]], gate
    assert streamsoak("check", str(folder)).returncode == code
    return verdict
