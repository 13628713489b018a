"""Judges a client by its audit's findings."""

from __future__ import annotations

from collections import Counter

from loadtests.model.log.record import Observation
from loadtests.model.run.manifest import Manifest
from loadtests.model.text.wording import count, listed, of_total, verb
from reports.analysis.client import Client
from reports.audit.words import Words
from reports.findings.finding import Finding
from reports.verdict.verdict import Result, Verdict


def judge(client: Client, findings: list[Finding], manifest: Manifest) -> Verdict:
    """Return fail if there is a problem; unknown if the client opened no session or the audit was cut off; else pass.

    While an audit has not ended, a session that is open is no problem yet.
    """
    problems = [finding for finding in findings if finding.severity == "problem"]
    if manifest.ended is None:
        problems = [finding for finding in problems if finding.name not in _AT_THE_END]
    result: Result = "fail" if problems else "pass"
    sentence = f"Failed: {', '.join(finding.name for finding in problems)}." if problems else _closed(client)
    if not client.lives and not problems:
        result, sentence = "unknown", _nothing(client, manifest)
    elif not problems and manifest.ended is None:
        result, sentence = "unknown", "Inconclusive: the audit is still running, or was cut off before its end."
    elif not problems and manifest.lost_events:
        result, sentence = "unknown", f"Inconclusive: {count(manifest.lost_events, 'event')} could not be written."
    return Verdict(result, sentence, [])


_AT_THE_END = ("unclosed-sessions", "no-stop-after-failed-start")
"""Findings about sessions that are open when the audit ends."""


def _closed(client: Client) -> str:
    opened = len(client.lives)
    lost = sum(life.stopped is None for life in client.lives)
    if not lost:
        return f"Passed: your client closed {of_total(opened, opened, 'session')} that it opened."
    closed = f"Passed: your client closed {of_total(opened - lost, opened, 'session')} that it opened"
    return f"{closed}; it could not know of the other {verb(lost, 'one', f'{lost:,}')}."


def _no_calls(client: Client, manifest: Manifest) -> str:
    api = Words(client.api)
    unknown, preflights = client.noted(Observation.UNKNOWN_CALL), client.noted(Observation.PREFLIGHT)
    if unknown:
        first = unknown[0].detail
        return (
            f"the program made {count(len(unknown), 'request')}, none of which is a call of the API, such as {first}."
        )
    if unreadable := client.noted(Observation.UNREADABLE):
        return (
            f"the program sent {count(len(unreadable), 'request')} that {verb(len(unreadable), 'was', 'were')} not HTTP/1.1, such"
            f" as HTTPS or HTTP/2. The address in {api.base_variable} begins with http://."
        )
    if preflights:
        asked = count(len(preflights), "CORS preflight")
        return (
            f"a page asked whether it may call the API ({asked}), and made no call. Its browser's console may say why."
        )
    if manifest.intercepted:
        return f"no call to {manifest.intercepted} came through the proxy. Does the program heed HTTPS_PROXY?"
    return (
        f"the program never called the API. Does it read its address from {api.base_variable} and its key from"
        f" {api.key_variable}?"
    )


def _nothing(client: Client, manifest: Manifest) -> str:
    if not client.calls:
        return f"Inconclusive: {_no_calls(client, manifest)}"
    reasons = Counter(call.reason for call in client.refused)
    why = f" ({listed((n, reason) for reason, n in reasons.most_common())})" if reasons else ""
    return f"Inconclusive: the program made {count(client.calls, 'call')}, and opened no session{why}."
