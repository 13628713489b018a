"""`unauthorized-calls`: the key was not that of KONPRO_API_KEY."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from reports.analysis.client import Client
from reports.audit.check import CallCheck, kinds
from reports.findings.finding import Finding


def _look(client: Client) -> Finding | None:
    refused = [call for call in (*client.refused, *client.stray) if call.reason == Reason.UNAUTHORIZED]
    if not refused:
        return None
    return Finding(
        "unauthorized-calls",
        "warning",
        "your client",
        "certain",
        f"{kinds(refused)} did not carry the key of KONPRO_API_KEY.",
        "Send the environment's KONPRO_API_KEY as Authorization: Bearer, or as x-api-key.",
    )


CHECK = CallCheck("unauthorized-calls", _look)
