"""GitHub's annotations: lines of a step's output that its page shows beside the job.

The format and its escapes: `command.ts` of GitHub's own toolkit
(https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.output.junit import is_told_by_parts
from reports.summary import Analysis

_MOST = 9
"""Of one kind: GitHub shows the first ten of a step."""
_LONGEST = 600
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def annotation_lines(analysis: Analysis) -> Iterator[str]:
    """Yield a line for each gate that does not hold, or for the verdict if none says the same, then for each problem found."""
    verdict = analysis.verdict
    if verdict.result != "pass" and not is_told_by_parts(analysis):
        yield _line(_kind(verdict.result), f"streamsoak: {verdict.word}", verdict.reason)
    for result in ("fail", "unknown"):
        for gate in [gate for gate in verdict.gates if gate.result == result][: _MOST - 1]:
            yield _line(_kind(result), f"{gate.gate}: {result}", gate.shown)
    problems = [finding for finding in analysis.findings if finding.severity == "problem"]
    for finding in problems[:_MOST]:
        # A problem fails an audit; beside a run's gates it only informs.
        kind = "error" if analysis.audit else "notice"
        yield _line(kind, f"{finding.name} ({finding.owner})", finding.text)


def _kind(result: str) -> str:
    return "error" if result == "fail" else "warning"


def _line(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    plain = _UNSEEN.sub("\ufffd", text)[:_LONGEST]
    return plain.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
