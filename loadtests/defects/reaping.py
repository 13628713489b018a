"""Defects that end sessions at the wrong time, or never."""

from __future__ import annotations

import math
from dataclasses import replace

from loadtests.defects.defect import Defect, sample, seconds, share
from loadtests.model.api.rules import DONE, Reply, Rules, Terms
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.api.surface import Operation
from loadtests.model.people.draw import Draw

LEAST_SHARE = 0.1
"""Of its timeout, a session has at least this: else it would be gone before its client knew of it."""


def _early_reap(terms: Terms, value: float, draw: Draw) -> Terms:
    documented = terms.effective_timeout
    return replace(
        terms, effective_timeout=lambda asked: max(documented(asked) - value, LEAST_SHARE * documented(asked))
    )


EARLY_REAP = Defect(
    "early-reap",
    "idle sessions are closed so many seconds before they are due",
    seconds("too early"),
    _early_reap,
)
"""Sessions that drop before their idle timeout has passed."""


def _late_reap(terms: Terms, value: float, draw: Draw) -> Terms:
    documented = terms.effective_timeout
    return replace(terms, effective_timeout=lambda asked: documented(asked) + value)


LATE_REAP = Defect(
    "late-reap", "idle sessions are closed so many seconds after they are due", seconds("too late"), _late_reap
)
"""Sessions that linger: closed for idleness, but late."""


def _never_reap(terms: Terms, value: float, draw: Draw) -> Terms:
    documented = terms.effective_timeout
    return replace(terms, effective_timeout=lambda asked: math.inf if draw.chance(value) else documented(asked))


NEVER_REAP = Defect("never-reap", "idle sessions are never closed", share("of the sessions", default=1.0), _never_reap)
"""Sessions that linger for hours after the page was closed: never closed for idleness."""


def _timeout_clamped(terms: Terms, value: float, draw: Draw) -> Terms:
    documented = terms.effective_timeout
    return replace(terms, effective_timeout=lambda asked: min(documented(asked), value))


TIMEOUT_CLAMPED = Defect(
    "timeout-clamped",
    "an idle timeout that is longer is cut to this, silently",
    seconds("the longest"),
    _timeout_clamped,
)
"""The idle timeout that was asked for is cut silently."""


def _hidden_cap(terms: Terms, value: float, draw: Draw) -> Terms:
    return replace(terms, hidden_cap=min(value, terms.hidden_cap or value))


HIDDEN_CAP = Defect(
    "hidden-cap",
    "sessions are closed at this age, which `new` does not tell",
    seconds("the longest life"),
    _hidden_cap,
)
"""Killed at five minutes, or at one hour, whatever the activity, and nobody was told."""


def _keepalive_ignored(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    is_chosen = sample(draw, value)

    def answer(now: float, ask: ApiRequest) -> Reply:
        if ask.operation is Operation.KEEP_ALIVE and is_chosen(ask.session_id) and rules.is_open(now, ask.session_id):
            return DONE
        return service(now, ask)

    return answer


KEEPALIVE_IGNORED = Defect(
    "keepalive-ignored",
    "keep_alive succeeds and does not reset the idle timer",
    share("of the sessions", default=1.0),
    around=_keepalive_ignored,
)
"""Keep-alives that are all answered "success", and the session dies all the same."""
