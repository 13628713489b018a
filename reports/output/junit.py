"""junit.xml: the verdict, each gate and each check as a test case, for pipelines that show such files.

The gates decide: a failed one is a *failure*, an inconclusive one an *error*, like a test that could not run. The verdict is one
only if no gate is, else it is *skipped*, so that one failed gate is one failure.
A finding without a gate does not decide: its case passes, with the finding as its output. In an audit a problem decides: it is a
failure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from loadtests.model.run.manifest import Manifest
from reports.audit.catalogue import PASSED
from reports.findings.check import CheckOutcome
from reports.findings.finding import Finding
from reports.summary import Analysis
from reports.verdict.verdict import GateResult

# Characters that XML 1.0 does not allow (https://www.w3.org/TR/xml/#charsets): the API's texts may hold any.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(analysis: Analysis) -> str:
    """Return the file's text. Suites and cases have the same names in each run of a scenario: CI systems show a history."""
    manifest, verdict = analysis.log.manifest, analysis.verdict
    name = manifest.scenario.name if manifest.scenario else _kind(manifest)
    root = ElementTree.Element("testsuites", name="streamsoak", time=_seconds(analysis.log_end))
    suites = {
        "verdict": [_verdict(analysis)],
        "gates": list(map(_gate, verdict.gates)),
        "checks": [*_audit_checks(analysis), *_checks(analysis.checks, analysis.findings)],
    }
    for kind, cases in ((kind, cases) for kind, cases in suites.items() if cases):
        suite = _suite(root, f"streamsoak.{name}.{kind}", cases)
        suite.set("timestamp", manifest.started.removesuffix("+00:00"))
        properties = ElementTree.Element("properties")
        ElementTree.SubElement(properties, "property", name="run", value=_plain(manifest.run))
        suite.insert(0, properties)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _kind(manifest: Manifest) -> str:
    """The name of the suites without a scenario."""
    kinds = {"audit": manifest.audit, "record": manifest.recording, "watch": manifest.watch}
    return next((name for name, is_one in kinds.items() if is_one), "locust")


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
    is_told = verdict.result != "pass" and is_told_by_parts(analysis)
    case = _case("verdict", "pass" if is_told else verdict.result, verdict.sentence)
    case.set("time", _seconds(analysis.log_end))
    if is_told:
        ElementTree.SubElement(case, "skipped", message=_plain(verdict.sentence))
    elif verdict.result == "pass":
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


def _audit_checks(analysis: Analysis) -> Iterator[ElementTree.Element]:
    """Yield a case for each check of an audit, whose verdict is made of them."""
    if analysis.audit is None:
        return
    for name, holds in PASSED.items():
        found = [finding for finding in analysis.findings if finding.name == name]
        is_problem = any(finding.severity == "problem" for finding in found)
        case = _case(name, "fail" if is_problem else "pass", "\n".join(map(_text, found)))
        if not found and not analysis.audit.has_checked:
            ElementTree.SubElement(case, "skipped", message="the client opened no session")
        elif not is_problem:
            ElementTree.SubElement(case, "system-out").text = _plain("\n".join(map(_text, found)) or holds)
        yield case


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


def _text(finding: Finding) -> str:
    return f"{finding.severity} ({finding.owner}, {finding.confidence}): {finding.text} {finding.advice}"


def _plain(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
