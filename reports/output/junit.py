"""junit.xml: the verdict, each gate and each check as a test case, for pipelines that show such files.

The verdict and the gates decide: a failed one is a *failure*, an inconclusive one an *error*, like a test that could not run.
A finding without a gate does not decide: its case passes, with the finding as its output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from reports.findings.check import CheckOutcome
from reports.findings.finding import Finding
from reports.summary import Analysis
from reports.verdict.verdict import GateResult, Verdict

# Characters that XML 1.0 does not allow (https://www.w3.org/TR/xml/#charsets): the API's texts may hold any.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(analysis: Analysis) -> str:
    """Return the file's text."""
    run = analysis.log.manifest.run
    root = ElementTree.Element("testsuites", name="streamsoak")
    _suite(root, f"{run}.verdict", [_verdict(analysis.verdict)])
    _suite(root, f"{run}.gates", map(_gate, analysis.verdict.gates))
    _suite(root, f"{run}.checks", _checks(analysis.checks, analysis.findings))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(
    root: ElementTree.Element, name: str, cases: Iterator[ElementTree.Element] | list[ElementTree.Element]
) -> None:
    suite = ElementTree.SubElement(root, "testsuite", name=_plain(name))
    for case in cases:
        case.set("classname", _plain(name))
        suite.append(case)
    for outcome in ("failure", "error", "skipped"):
        suite.set(f"{outcome}s" if outcome != "skipped" else outcome, str(len(suite.findall(f"testcase/{outcome}"))))
    suite.set("tests", str(len(suite)))


def _verdict(verdict: Verdict) -> ElementTree.Element:
    return _case("verdict", verdict.result, verdict.sentence)


def _gate(gate: GateResult) -> ElementTree.Element:
    return _case(gate.gate, gate.result, gate.shown)


def _case(name: str, result: str, message: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=_plain(name))
    if result != "pass":
        ElementTree.SubElement(case, "failure" if result == "fail" else "error", message=_plain(message))
    return case


def _checks(checks: list[CheckOutcome], findings: list[Finding]) -> Iterator[ElementTree.Element]:
    for check in checks:
        case = ElementTree.Element("testcase", name=_plain(check.name))
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
