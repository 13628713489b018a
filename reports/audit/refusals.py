"""Findings about refusals of `new`: `invalid-requests`, `ignored-concurrency-errors` and `retry-storm`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from loadtests.model.api.answer import Reason
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, of_total, verb
from reports.analysis.client import Client, ClientCall
from reports.audit.check import CallCheck, kinds
from reports.audit.words import Words
from reports.findings.finding import Finding
from reports.findings.retry_storm import BACK_OFF, STORM_REFUSALS, STORM_SECONDS


def _full(client: Client) -> list[float]:
    return [call.t for call in client.refused if call.reason == Reason.CONCURRENCY]


def _blind(client: Client) -> list[ClientCall]:
    """Calls without a session, if the last new before them was refused for the limit."""
    full, opened = _full(client), [life.new.t for life in client.lives]
    return [
        call
        for call in client.stray
        if call.reason != Reason.UNAUTHORIZED and _last(full, call.t) > _last(opened, call.t)
    ]


def _ignored(client: Client) -> Finding | None:
    full, blind = _full(client), _blind(client)
    if not blind:
        return None
    return Finding(
        "ignored-concurrency-errors",
        "problem",
        "your client",
        "likely",
        f"The concurrent limit refused new {count(len(full), 'time')}, and the client went on without a session:"
        f" {kinds(blind)}.",
        "Check new's answer, back off and retry, and tell the user; persistent concurrent limit errors often indicate"
        " unclosed sessions.",
    )


def _last(times: list[float], at: float) -> float:
    return max((t for t in times if t <= at), default=float("-inf"))


_INVALID = frozenset({Reason.INVALID, Reason.REFUSED, Reason.STATE})
"""Refusals for what the client asked, whatever the state of the account."""
_MOST_MESSAGES = 3


def _refused_as_invalid(client: Client) -> list[ClientCall]:
    return [call for call in client.refused if call.reason in _INVALID]


def _invalid(client: Client) -> Finding | None:
    refused = _refused_as_invalid(client)
    if not refused:
        return None
    messages = Counter(f"HTTP {call.status}: {call.detail or call.reason}" for call in refused)
    told = "; ".join(f"“{message}”" for message, _ in messages.most_common(_MOST_MESSAGES))
    asked = len(refused) + len(client.lives)
    return Finding(
        "invalid-requests",
        "problem",
        "your client",
        "certain",
        f"{of_total(len(refused), asked, 'new request')} {verb(len(refused), 'was', 'were')} refused as invalid: {told}.",
        f"Correct the request{_documented(Words(client.api))}. Check new's answer before using the session.",
        interval=(refused[0].t, refused[-1].answered),
    )


def _documented(api: Words) -> str:
    if api.api.idle_timeout.set_by == "api":
        return ""
    return f"; the documented {api.idle_timeout} is {api.range}"


def _worst(client: Client) -> list[ClientCall]:
    refused = [call for call in client.refused if call.reason != Reason.UNAUTHORIZED]
    return max(_chains(refused), key=len, default=[])


def _storm(client: Client) -> Finding | None:
    worst = _worst(client)
    if len(worst) < STORM_REFUSALS or _backs_off(worst):
        return None
    duration = format_duration(worst[-1].t - worst[0].t)
    return Finding(
        "retry-storm",
        "problem",
        "your client",
        "likely",
        f"new was refused {len(worst):,} times within {duration} ({worst[0].reason}), each time less than"
        f" {format_duration(STORM_SECONDS)} after the last.",
        "Wait longer after each refusal (1, 2, 4 … s, with jitter); a full account has room only when a session is closed.",
    )


def _chains(refused: Iterable[ClientCall]) -> list[list[ClientCall]]:
    chains: list[list[ClientCall]] = []
    for call in refused:
        if chains and call.t - chains[-1][-1].t < STORM_SECONDS:
            chains[-1].append(call)
        else:
            chains.append([call])
    return chains


def _backs_off(chain: list[ClientCall]) -> bool:
    pauses = [after.t - before.t for before, after in pairwise(chain)]
    return all(after >= BACK_OFF * before for before, after in pairwise(pauses)) and len(pauses) > 1


IGNORED_CONCURRENCY_ERRORS = CallCheck(
    "ignored-concurrency-errors", _ignored, _blind, "The client made no calls without a session after a refusal."
)
INVALID_REQUESTS = CallCheck(
    "invalid-requests", _invalid, _refused_as_invalid, "No request for a session was refused as invalid."
)
RETRY_STORM = CallCheck("retry-storm", _storm, _worst, "No refused request was repeated many times at once.")
