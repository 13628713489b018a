"""Defects that close sessions at the wrong time, or never."""

from __future__ import annotations

import math
from dataclasses import replace

from loadtests.defects.defect import Defect, sample, seconds, share
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import DONE, Reply
from loadtests.model.api.rules import Rules, Terms
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.people.draw import Draw

LEAST_SHARE = 0.1
"""A session has at least this share of its timeout: otherwise it would be closed before its client knows its id."""


def _early_reap(terms: Terms, value: float, draw: Draw) -> Terms:
    documented = terms.effective_timeout
    return replace(
        terms, effective_timeout=lambda asked: max(documented(asked) - value, LEAST_SHARE * documented(asked))
    )


EARLY_REAP = Defect(
    "early-reap",
    "idle sessions are closed this many seconds before they are due",
    seconds("how much too early"),
    _early_reap,
)
"""Sessions are closed before their idle timeout has passed."""


def _late_reap(terms: Terms, value: float, draw: Draw) -> Terms:
    documented = terms.effective_timeout
    return replace(terms, effective_timeout=lambda asked: documented(asked) + value)


LATE_REAP = Defect(
    "late-reap",
    "idle sessions are closed this many seconds after they are due",
    seconds("how much too late"),
    _late_reap,
)
"""Sessions are closed for idleness too late."""


def _never_reap(terms: Terms, value: float, draw: Draw) -> Terms:
    documented = terms.effective_timeout
    return replace(terms, effective_timeout=lambda asked: math.inf if draw.chance(value) else documented(asked))


NEVER_REAP = Defect("never-reap", "idle sessions are never closed", share("of the sessions", default=1.0), _never_reap)
"""Sessions are never closed for idleness: they linger for hours after the page was closed."""


def _timeout_clamped(terms: Terms, value: float, draw: Draw) -> Terms:
    documented = terms.effective_timeout
    return replace(terms, effective_timeout=lambda asked: min(documented(asked), value))


TIMEOUT_CLAMPED = Defect(
    "timeout-clamped",
    "idle timeouts are silently cut to this maximum",
    seconds("the maximum"),
    _timeout_clamped,
)
"""The idle timeout requested is cut silently."""


def _hidden_cap(terms: Terms, value: float, draw: Draw) -> Terms:
    return replace(terms, hidden_cap=min(value, terms.hidden_cap or value))


HIDDEN_CAP = Defect(
    "hidden-cap",
    "sessions are closed at this age, which the answer to new does not contain",
    seconds("the maximum age"),
    _hidden_cap,
)
"""Sessions are closed at a certain age, whatever their activity, and `new` does not report it."""


def _keepalive_ignored(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    is_chosen = sample(draw, value)

    def answer(now: float, request: ApiRequest) -> Reply:
        if (
            request.operation is Operation.KEEP_ALIVE
            and is_chosen(request.session_id)
            and rules.is_open(now, request.session_id)
        ):
            return DONE
        return service(now, request)

    return answer


KEEPALIVE_IGNORED = Defect(
    "keepalive-ignored",
    "keep_alive succeeds but does not reset the idle timer",
    share("of the sessions", default=1.0),
    around=_keepalive_ignored,
)
"""Keep-alives succeed, and the session is reaped all the same."""
