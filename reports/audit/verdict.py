"""Whether a client passes its audit, in one sentence."""

from __future__ import annotations

from collections import Counter

from loadtests.model.api.answer import Reason
from loadtests.model.run.manifest import Manifest
from reports.analysis.client import Client
from reports.audit.check import count
from reports.findings.finding import Finding
from reports.verdict.verdict import Result, Verdict


def judge(client: Client, findings: list[Finding], manifest: Manifest) -> Verdict:
    """Fail for a problem; unknown where the client was not seen to do anything, or the audit was cut off; else pass."""
    problems = [finding for finding in findings if finding.severity == "problem"]
    result: Result = "fail" if problems else "pass"
    sentence = f"Failed: {', '.join(finding.name for finding in problems)}." if problems else _all_well(client)
    if not client.lives and not any(call.reason != Reason.UNAUTHORIZED for call in client.refused):
        result, sentence = "unknown", _nothing(client)
    elif not problems and manifest.ended is None:
        result, sentence = "unknown", "Cannot be told: the audit was cut off before its end."
    elif not problems and manifest.lost_events:
        result, sentence = "unknown", f"Cannot be told: {manifest.lost_events} events could not be written."
    return Verdict(result, sentence, [])


def _all_well(client: Client) -> str:
    lost = sum(life.stopped is None for life in client.lives)
    closed = f"Your client closed {len(client.lives) - lost} of {count(len(client.lives), 'session')} that it opened"
    return f"{closed}; it could not know of the other {lost}." if lost else f"{closed}."


def _nothing(client: Client) -> str:
    if not client.calls:
        return (
            "Cannot be told: the program never called the API. Does it take its address from KONPRO_BASE_URL and its key"
            " from KONPRO_API_KEY?"
        )
    reasons = Counter(call.reason for call in client.refused)
    why = f" ({', '.join(f'{n} {reason}' for reason, n in reasons.most_common())})" if reasons else ""
    return f"Cannot be told: the program made {count(client.calls, 'call')}, and opened no session{why}."
