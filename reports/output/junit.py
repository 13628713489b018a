"""junit.xml: the verdict, each gate and each check as a test case, for pipelines that show such files.

The gates decide: a failed one is a *failure*, an inconclusive one an *error*, like a test that could not run. The verdict is one
only if no gate is, so that one failed gate is one failure.
A finding without a gate does not decide: its case passes, with the finding as its output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from reports.findings.check import CheckOutcome
from reports.findings.finding import Finding
from reports.summary import Analysis
from reports.verdict.verdict import GateResult

# Characters that XML 1.0 does not allow (https://www.w3.org/TR/xml/#charsets): the API's texts may hold any.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(analysis: Analysis) -> str:
    """Return the file's text. Suites and cases have the same names in each run of a scenario: CI systems show a history."""
    manifest, verdict = analysis.log.manifest, analysis.verdict
    clients = "audit" if manifest.audit else "record" if manifest.recording else "locust"
    name = manifest.scenario.name if manifest.scenario else clients
    root = ElementTree.Element("testsuites", name="streamsoak", time=_seconds(analysis.log_end))
    suites = {
        "verdict": [_verdict(analysis)],
        "gates": list(map(_gate, verdict.gates)),
        "checks": list(_checks(analysis.checks, analysis.findings)),
    }
    for kind, cases in suites.items():
        suite = _suite(root, f"streamsoak.{name}.{kind}", cases)
        suite.set("timestamp", manifest.started.removesuffix("+00:00"))
        properties = ElementTree.Element("properties")
        ElementTree.SubElement(properties, "property", name="run", value=_plain(manifest.run))
        suite.insert(0, properties)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def is_told_by_parts(analysis: Analysis) -> bool:
    """Whether a gate, or a finding of an audit, has the verdict's result, so that the verdict would only repeat it."""
    verdict = analysis.verdict
    parts = {gate.result for gate in verdict.gates}
    if analysis.audit and any(finding.severity == "problem" for finding in analysis.findings):
        parts.add("fail")
    return verdict.result in parts


def _suite(root: ElementTree.Element, name: str, cases: list[ElementTree.Element]) -> ElementTree.Element:
    suite = ElementTree.SubElement(root, "testsuite", name=_plain(name))
    for case in cases:
        case.set("classname", _plain(name))
        suite.append(case)
    for outcome in ("failure", "error", "skipped"):
        suite.set(f"{outcome}s" if outcome != "skipped" else outcome, str(len(suite.findall(f"testcase/{outcome}"))))
    suite.set("tests", str(len(cases)))
    suite.set("time", _seconds(sum(float(case.get("time", "0")) for case in cases)))
    return suite


def _verdict(analysis: Analysis) -> ElementTree.Element:
    verdict = analysis.verdict
    result = "pass" if is_told_by_parts(analysis) else verdict.result
    case = _case("verdict", result, verdict.sentence)
    case.set("time", _seconds(analysis.log_end))
    if result == "pass":
        ElementTree.SubElement(case, "system-out").text = _plain(verdict.sentence)
    return case


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _gate(gate: GateResult) -> ElementTree.Element:
    return _case(gate.gate, gate.result, gate.shown)


def _case(name: str, result: str, message: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=_plain(name), time="0")
    if result != "pass":
        ElementTree.SubElement(case, "failure" if result == "fail" else "error", message=_plain(message))
    return case


def _checks(checks: list[CheckOutcome], findings: list[Finding]) -> Iterator[ElementTree.Element]:
    for check in checks:
        case = ElementTree.Element("testcase", name=_plain(check.name), time="0")
        if check.result == "unknown":
            ElementTree.SubElement(case, "skipped", message=_plain(check.why or "inconclusive"))
        for finding in findings:
            if finding.name == check.name:
                out = ElementTree.SubElement(case, "system-out")
                out.text = _plain(_text(finding))
        yield case
    checked = {check.name for check in checks}
    # An audit's verdict is made of its findings.
    for finding in (finding for finding in findings if finding.name not in checked):
        yield _case(finding.name, "fail" if finding.severity == "problem" else "pass", _text(finding))


def _text(finding: Finding) -> str:
    return f"{finding.severity} ({finding.owner}, {finding.confidence}): {finding.text} {finding.advice}"


def _plain(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
