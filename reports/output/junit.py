"""junit.xml: the verdict, each gate and each check as a test case, for pipelines that show such files.

Red is what decides: the verdict, and gates that failed. What could not be told is an *error* there, as a test that could not run.
A finding that no gate speaks of decides nothing: its case passes, and says in its output what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from reports.findings.check import CheckOutcome
from reports.findings.finding import Finding
from reports.summary import Analysis
from reports.verdict.verdict import GateResult, Verdict

# What XML 1.0 has no place for (https://www.w3.org/TR/xml/#charsets): a text from the API may hold anything.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(analysis: Analysis) -> str:
    """The file's text."""
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
    for what in ("failure", "error", "skipped"):
        suite.set(f"{what}s" if what != "skipped" else what, str(len(suite.findall(f"testcase/{what}"))))
    suite.set("tests", str(len(suite)))


def _verdict(verdict: Verdict) -> ElementTree.Element:
    return _case("verdict", verdict.result, verdict.sentence)


def _gate(gate: GateResult) -> ElementTree.Element:
    return _case(gate.gate, gate.result, gate.shown)


def _case(name: str, result: str, said: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=_plain(name))
    if result != "pass":
        ElementTree.SubElement(case, "failure" if result == "fail" else "error", message=_plain(said))
    return case


def _checks(checks: list[CheckOutcome], findings: list[Finding]) -> Iterator[ElementTree.Element]:
    for check in checks:
        case = ElementTree.Element("testcase", name=_plain(check.name))
        if check.result == "unknown":
            ElementTree.SubElement(case, "skipped", message=_plain(check.why or "it could not be told"))
        for finding in findings:
            if finding.name == check.name:
                out = ElementTree.SubElement(case, "system-out")
                out.text = _plain(_told(finding))
        yield case
    checked = {check.name for check in checks}
    # Of an audit: its verdict is its findings.
    for finding in (finding for finding in findings if finding.name not in checked):
        yield _case(finding.name, "fail" if finding.severity == "problem" else "pass", _told(finding))


def _told(finding: Finding) -> str:
    return f"{finding.severity} ({finding.owner}, {finding.confidence}): {finding.text} {finding.advice}"


def _plain(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
