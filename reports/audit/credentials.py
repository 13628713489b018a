"""Findings about keys and tokens: `unauthorized-calls`, `token-reuse` and `key-in-page`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from loadtests.model.api.answer import Reason
from loadtests.model.api.operation import Operation
from loadtests.model.log.record import Observation
from loadtests.model.text.wording import listed
from reports.analysis.client import Client, ClientCall
from reports.audit.check import MOST_SESSIONS, AuditCheck, CallCheck, Facts, kinds
from reports.audit.words import Words
from reports.findings.finding import Finding

_MOST_TOLD = 3


def _did_not_carry(api: Words) -> str:
    key = f"the key in {api.key_variable}"
    return (
        f"carried neither {key} nor a token of the API" if api.call(Operation.CREATE_TOKEN) else f"did not carry {key}"
    )


def _without_key(client: Client) -> list[ClientCall]:
    reused = {(note.t, note.detail) for note in client.noted(Observation.TOKEN_REUSED)}
    refused = (call for call in (*client.refused, *client.stray) if call.reason == Reason.UNAUTHORIZED)
    return [call for call in refused if (call.t, call.kind) not in reused]


def _unauthorized(client: Client) -> Finding | None:
    refused = _without_key(client)
    if not refused:
        return None
    api = Words(client.api)
    named = client.noted(Observation.UNAUTHORIZED_CALL)
    sessions = tuple(sorted({note.session for note in named}))[:MOST_SESSIONS]
    told = "; ".join(_of_session(named, number) for number in sessions[:_MOST_TOLD])
    beacon = " A beacon (navigator.sendBeacon) cannot carry either: send the last call with fetch and keepalive: true."
    return Finding(
        "unauthorized-calls",
        "warning",
        "your client",
        "certain",
        f"{kinds(refused)} {_did_not_carry(api)}{f' ({told})' if told else ''}.",
        f"A server sends {api.key_headers}. A page must not have the key: {api.for_pages}."
        f"{beacon if any(note.detail == Operation.STOP for note in named) else ''}",
        sessions,
    )


def _of_session(named: tuple[ClientCall, ...], number: int) -> str:
    return f"session {number}: {_operations(note for note in named if note.session == number)}"


def _operations(notes: Iterable[ClientCall]) -> str:
    return listed((n, kind) for kind, n in Counter(note.detail for note in notes).most_common())


def _by_session(client: Client, kind: Observation, what: str) -> Facts:
    notes = client.noted(kind)
    numbers = sorted({note.session for note in notes if note.session})
    return {number: f"{_operations(note for note in notes if note.session == number)} {what}" for number in numbers}


def _reused(client: Client) -> Facts:
    return _by_session(client, Observation.TOKEN_REUSED, "for another session with its token")


def _key_in_page(client: Client) -> Facts:
    return _by_session(client, Observation.KEY_IN_PAGE, "with the key")


UNAUTHORIZED = CallCheck(
    "unauthorized-calls", _unauthorized, _without_key, "Every call carried the key or a token of the API."
)
TOKEN_REUSE = AuditCheck(
    "token-reuse",
    "problem",
    "likely",
    _reused,
    "Your client sent the token of {n} for another session. A token opens one session: the API refused it.",
    lambda api: f"Get a new token with {api.call(Operation.CREATE_TOKEN)} for each session.",
    "No token was used for a second session.",
)
KEY_IN_PAGE = AuditCheck(
    "key-in-page",
    "warning",
    "likely",
    _key_in_page,
    "A page sent the API key itself in calls of {n}: whoever opens the page can read it.",
    lambda api: f"A page must not have the key: {api.for_pages}.",
    "No page of another origin sent the API key.",
)
