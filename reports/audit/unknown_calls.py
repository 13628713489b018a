"""`unknown-calls`: requests that are no calls of the API, such as a misspelt path or a wrong method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from loadtests.model.api.similar_call import similar_call
from loadtests.model.log.record import Observation
from loadtests.model.text.wording import count, verb
from reports.analysis.client import Client, ClientCall
from reports.audit.check import MOST_SESSIONS, CallCheck
from reports.findings.finding import Finding

_MOST_TOLD = 6
_UNAUTHORIZED = 401
_MAY_HAVE_MORE = " The sandbox has only the calls that sessions need: the real API may have more."


def meant(client: Client, note: ClientCall) -> str:
    """Return the call that the client may have meant, as method and path; "" if none is similar."""
    method, _, path = note.detail.partition(" ")
    similar = similar_call(client.api, method, path)
    return similar[1] if similar else ""


def unknown_calls(client: Client) -> list[ClientCall]:
    """Return the requests that are no calls. A probe is none: GET of a path that is like no call, without a key."""
    return [
        note
        for note in client.noted(Observation.UNKNOWN_CALL)
        if meant(client, note) or note.value != _UNAUTHORIZED or not note.detail.startswith("GET ")
    ]


def _find(client: Client) -> Finding | None:
    notes = unknown_calls(client)
    if not notes:
        return None
    similar = [bool(meant(client, note)) for note in notes]
    is_similar = any(similar)
    kinds = Counter(note.detail for note in notes)
    told = list(_told(client, notes, kinds))
    more = f"; and {count(len(told) - _MOST_TOLD, 'other request')}" if len(told) > _MOST_TOLD else ""
    return Finding(
        "unknown-calls",
        # The real API may have calls that the sandbox does not: only what looks like a mistake fails an audit.
        "problem" if is_similar else "warning",
        "your client",
        "certain" if is_similar else "likely",
        f"{count(len(notes), 'request')} {verb(len(notes), 'was', 'were')} no call of the API:"
        f" {'; '.join(told[:_MOST_TOLD])}{more}.",
        f"Correct method and path.{'' if all(similar) else _MAY_HAVE_MORE}",
        tuple(sorted({note.session for note in notes if note.session}))[:MOST_SESSIONS],
    )


def _told(client: Client, notes: list[ClientCall], kinds: Counter[str]) -> Iterator[str]:
    """Yield each kind of request once, with the call that was meant."""
    for note in {note.detail: note for note in notes}.values():
        times, similar = kinds[note.detail], meant(client, note)
        about = [*([f"{times:,} times"] if times > 1 else []), *([f"did you mean {similar}?"] if similar else [])]
        yield f"{note.detail} ({'; '.join(about)})" if about else note.detail


UNKNOWN_CALLS = CallCheck("unknown-calls", _find, unknown_calls, "Every request was a call of the API.")
