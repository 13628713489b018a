"""Judges a watch: whether an alert was raised, and whether the list could be read."""

from __future__ import annotations

from loadtests.model.run.manifest import Manifest
from loadtests.model.text.wording import count, listed, of_total
from reports.verdict.verdict import Verdict
from reports.watch.account import WatchedAccount


def judge_watch(account: WatchedAccount, manifest: Manifest) -> Verdict:
    """Return fail if an alert was raised; unknown if most looks got no list or the watch did not end by itself; else pass."""
    failed = account.looks - account.lists
    if account.alerts:
        names = list(dict.fromkeys(alert.name for alert in account.alerts))
        return Verdict("fail", f"Failed: {count(len(account.alerts), 'alert')} raised ({', '.join(names)}).", [])
    if not account.lists or 2 * failed > account.looks:
        reasons = listed((number, reason) for reason, number in account.failures.items())
        why = f"{of_total(failed, account.looks, 'look')} got no list" + (f" ({reasons})" if reasons else "")
        return Verdict("unknown", f"Inconclusive: {why}.", [])
    if manifest.ended is None:
        return Verdict("unknown", "Inconclusive: the watch is still running, or was cut off before its end.", [])
    if manifest.lost_events:
        return Verdict("unknown", f"Inconclusive: {count(manifest.lost_events, 'event')} could not be written.", [])
    rules = [name for name, threshold in account.terms.alerts.model_dump().items() if threshold is not None]
    if not rules:
        return Verdict("pass", "Passed: the list could be read; the watch has no alerts.", [])
    return Verdict("pass", f"Passed: no alert was raised ({', '.join(rules)}).", [])
