"""Findings about calls that name the wrong session, carry the wrong key, or ask for what has no effect:
`calls-on-closed-session`, `calls-without-session`, `unauthorized-calls` and `deprecated-disable-idle-timeout`.
"""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from reports.analysis.client import Client, ClientCall
from reports.audit.check import AuditCheck, CallCheck, Facts, kinds
from reports.findings.finding import Finding


def _on_closed(client: Client) -> Facts:
    return {
        life.number: f"{kinds(life.late)} after the client's own stop"
        for life in client.lives
        if life.stopped is not None and life.late
    }


def _stray(client: Client) -> list[ClientCall]:
    return [call for call in client.stray if call.reason != Reason.UNAUTHORIZED]


def _without_session(client: Client) -> Finding | None:
    stray = _stray(client)
    if not stray:
        return None
    return Finding(
        "calls-without-session",
        "problem",
        "your client",
        "certain",
        f"{kinds(stray)} did not name an existing session ({stray[0].reason}).",
        "The id is data.session_id in new's answer, within the envelope {code, message, data}; send it as session_id.",
    )


def _without_key(client: Client) -> list[ClientCall]:
    return [call for call in (*client.refused, *client.stray) if call.reason == Reason.UNAUTHORIZED]


def _unauthorized(client: Client) -> Finding | None:
    refused = _without_key(client)
    if not refused:
        return None
    return Finding(
        "unauthorized-calls",
        "warning",
        "your client",
        "certain",
        f"{kinds(refused)} did not carry the key in KONPRO_API_KEY.",
        "Send the environment's KONPRO_API_KEY as Authorization: Bearer, or as x-api-key.",
    )


def _deprecated(client: Client) -> Facts:
    return {life.number: "opened with disable_idle_timeout" for life in client.lives if life.deprecated}


ON_CLOSED_SESSION = AuditCheck(
    "calls-on-closed-session",
    "warning",
    "certain",
    _on_closed,
    "Your client made calls on {n} after it had closed {them}.",
    "Clear timers and forget the session's id when it is closed.",
    "No call was made on a session after its close.",
)
WITHOUT_SESSION = CallCheck("calls-without-session", _without_session, _stray, "Every call named an existing session.")
UNAUTHORIZED = CallCheck("unauthorized-calls", _unauthorized, _without_key, "Every call carried the key.")
DEPRECATED_DISABLE_IDLE_TIMEOUT = AuditCheck(
    "deprecated-disable-idle-timeout",
    "warning",
    "certain",
    _deprecated,
    "Your client opened {n} with disable_idle_timeout, which is deprecated and has no effect (there is no “forever”).",
    "Leave disable_idle_timeout false; ask for a high activity_idle_timeout (up to 3599 s), and send keep-alives in quiet"
    " periods.",
    "No session was opened with disable_idle_timeout.",
)
