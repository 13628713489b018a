"""`out-of-resources`: the load generator's machine had no files, ports or memory left for a connection."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from loadtests.model.text.wording import verb, were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding

_ERRORS = f"""
SELECT detail AS error, count(*) AS n FROM events WHERE outcome <> 'ok' AND reason = '{Reason.OUT_OF_RESOURCES}'
GROUP BY detail ORDER BY n DESC, error
"""
_ADVICE = {
    "EMFILE": "Raise the number of open files (ulimit -n) to at least twice the expected sessions.",
    "ENFILE": "Raise the system's number of open files (fs.file-max).",
    "EADDRNOTAVAIL": "Widen the range of local ports (net.ipv4.ip_local_port_range), or spread the load over several machines.",
}


def check(evidence: Evidence) -> Checked:
    """Reports calls that were never sent because of this machine, with the operating system's error."""
    failed = evidence.failures.where(lambda row: row.reason == Reason.OUT_OF_RESOURCES)
    if not failed.n:
        return None
    errors = [str(row["error"]) for row in evidence.log.records(_ERRORS) if row["error"]]
    return Finding(
        "out-of-resources",
        "problem",
        "generator",
        "certain",
        f"{were(failed.n, 'call')} not sent because the load generator's machine had run out of"
        f" {verb(len(errors), 'a resource', 'resources')}: {', '.join(errors) or 'unknown'} ({failed.by(lambda row: row.kind)}).",
        _ADVICE.get(
            errors[0] if errors else "", "Give the machine more memory, or spread the load over several machines."
        ),
        interval=failed.interval,
    )


CHECK = Check("out-of-resources", check)
