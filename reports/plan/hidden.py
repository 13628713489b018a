"""The idle timeout for clients in browsers, whose keep-alive timers come once a minute while their page is hidden for long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from loadtests.model.people.page import MINUTE, SECOND
from loadtests.model.people.profile import Profile
from loadtests.model.text.wording import count
from reports.plan.timeout import Pair, Timeout, interval_for


def for_hidden_pages(timeout: Timeout, people: Iterable[Profile], survives: int) -> Timeout:
    """Return `timeout` with the pair for hidden pages; it is the recommended one if pages of these people are ever hidden.

    At an API without keep-alives there is none.
    """
    allowed = [candidate.idle_timeout for candidate in timeout.candidates if candidate.keep_alive is not None]
    if not allowed:
        return timeout
    pair = hidden_pair(allowed, survives, timeout.slack)
    is_hidden = any(profile.page.hidden for profile in people)
    return replace(timeout, hidden=pair, recommended=pair if is_hidden else timeout.recommended)


def hidden_pair(timeouts: Iterable[float], survives: int, slack: float) -> Pair | None:
    """Return the shortest of `timeouts` that survives so many failed keep-alives in a row of a hidden page; None: there is none.

    `slack`: seconds of the timeout that are reserved for the answer to a keep-alive.
    """
    for timeout in sorted(timeouts):
        gap = interval_for(timeout, survives, slack)
        if gap < MINUTE:
            continue
        interval = gap - SECOND
        why = (
            f"the shortest timeout that tolerates {count(survives, 'failed keep-alive')} in a row in a page that is hidden for"
            f" long, whose timers come once a minute ({slack:.1f} s are reserved for a slow answer)"
        )
        return Pair(int(timeout), interval, survives, why)
    return None
