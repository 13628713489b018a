"""`unexplained-refusals`: refused below the limit, and no single cause accounts for it."""

from __future__ import annotations

from loadtests.model.text.wording import between, count, of_total, verb, were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown
from reports.findings.refusal_causes import LEAST_REFUSALS, RefusalCauses, RefusalFit

LEAST_SHARE_WITH_OTHERS = 0.05
"""Share of the refusals, where foreign sessions use the account: the list does not show those shorter than its interval."""


def check(evidence: Evidence) -> Checked:
    """Reports refusals below the limit that neither a lag of the slots nor a lower limit explains.

    The bound on the open sessions is exact, so a run without foreign sessions gives no false alarm: none in 50 seeds of
    `make matrix`.
    """
    if evidence.manifest.limit is None:
        return Unknown("no limit was configured (--limit, or limit in the scenario)")
    if not evidence.hits.count:
        return None
    if not evidence.listed:
        return Unknown("the API's list, which shows who else holds slots, was not available")
    causes = evidence.refusal_causes
    least = max(LEAST_REFUSALS, LEAST_SHARE_WITH_OTHERS * evidence.hits.count if evidence.has_foreign_sessions else 0)
    if causes.n < least or causes.named:
        return None
    fits = "; ".join(_describe(fit, causes.n) for fit in causes.fits) or "no cause was found"
    return Finding(
        "unexplained-refusals",
        "problem",
        "API",
        "likely",
        f"{were(causes.n, 'new request')} refused although fewer than {count(evidence.manifest.limit, 'session')} can have been"
        f" open (at most {between(*_least_and_most(causes), str)}). No single cause explains this: {fits}.",
        "Ask the API's support what else holds slots: sessions that the list does not show, ended sessions, or a limit that"
        " changes.",
        tuple(int(number) for number in causes.rows["session"].head(100)),
        causes.interval,
        "hits",
    )


def _least_and_most(causes: RefusalCauses) -> tuple[int, int]:
    return int(causes.rows["at_most"].min()), int(causes.rows["at_most"].max())


def _describe(fit: RefusalFit, n: int) -> str:
    told = f"{fit.what} would explain {of_total(fit.explained, n, 'refusal')}"
    if not fit.contradicted:
        return told
    granted = of_total(fit.contradicted, fit.informative, "granted request")
    return f"{told}, but {granted} {verb(fit.contradicted, 'contradicts', 'contradict')} it"


CHECK = Check("unexplained-refusals", check)
