"""`calls-without-session`: calls that name no session that ever was."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from reports.analysis.client import Client
from reports.audit.check import CallCheck, kinds
from reports.findings.finding import Finding


def _look(client: Client) -> Finding | None:
    stray = [call for call in client.stray if call.reason != Reason.UNAUTHORIZED]
    if not stray:
        return None
    return Finding(
        "calls-without-session",
        "problem",
        "your client",
        "certain",
        f"{kinds(stray)} named no session that ever was ({stray[0].reason}).",
        "The id is data.session_id in new's answer, within the envelope {code, message, data}; send it as session_id.",
    )


CHECK = CallCheck("calls-without-session", _look)
