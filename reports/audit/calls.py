"""Findings about calls that name the wrong session, or ask for what has no effect: `calls-on-closed-session`,
`calls-without-session` and `deprecated-disable-idle-timeout`.
"""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.template import SESSION_ID, pointer_of
from loadtests.model.api.operation import Operation
from loadtests.model.log.record import Observation
from reports.analysis.client import Client, ClientCall
from reports.audit.check import AuditCheck, CallCheck, Facts, kinds
from reports.audit.misnamed_fields import misnamed
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
        f"{kinds(stray)} did not name an existing session ({_reasons(client, stray)}).",
        f"The id is {_place(client.api)} in new's answer; send it {_as_what(client.api)}.",
    )


_MOST_REASONS = 3


def _reasons(client: Client, stray: list[ClientCall]) -> str:
    """Return the API's messages, and fields of no session's calls that look like the API's."""
    messages = dict.fromkeys(call.detail or call.reason for call in stray)
    fields = misnamed(client.noted(Observation.SIMILAR_FIELD, 0))
    return "; ".join([*messages, *fields][:_MOST_REASONS])


def _place(api: ApiDescription) -> str:
    """Return where the id is: "data.session_id"."""
    return (api.calls[Operation.NEW].answer.session_id or "").strip("/").replace("/", ".")


def _as_what(api: ApiDescription) -> str:
    """Return where later calls have the id: "as session_id", "in the path"."""
    call = api.calls[Operation.STOP]
    pointer = pointer_of(call.body, SESSION_ID)
    return f"as {pointer.rpartition('/')[2]}" if pointer else "in the path"


def _deprecated(client: Client) -> Facts:
    return {life.number: "opened with disable_idle_timeout" for life in client.lives if life.deprecated}


ON_CLOSED_SESSION = AuditCheck(
    "calls-on-closed-session",
    "warning",
    "certain",
    _on_closed,
    "Your client made calls on {n} after it had closed {them}.",
    lambda api: "Clear timers and forget the session's id when it is closed.",
    "No call was made on a session after its close.",
)
WITHOUT_SESSION = CallCheck("calls-without-session", _without_session, _stray, "Every call named an existing session.")
DEPRECATED_DISABLE_IDLE_TIMEOUT = AuditCheck(
    "deprecated-disable-idle-timeout",
    "warning",
    "certain",
    _deprecated,
    "Your client opened {n} with disable_idle_timeout, which is deprecated and has no effect (there is no “forever”).",
    lambda api: (
        f"Leave {api.api.idle_timeout.disable} false; ask for a high {api.idle_timeout} (up to {api.most}), and send"
        " keep-alives in quiet periods."
    ),
    "No session was opened with disable_idle_timeout.",
)
