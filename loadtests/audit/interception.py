"""An audit's interception: starts the proxy, tells the user what it does, and at the end what it has seen."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

from loadtests.interception.access import Seen
from loadtests.interception.policy import Policy
from loadtests.interception.process import InterceptionProcess
from loadtests.model.text.wording import count, listed, verb

_MOST_SHOWN = 10


@contextlib.contextmanager
def intercepted(
    policy: Policy, sandbox: str, output: Callable[[str], None], *, shows_browser_args: bool
) -> Iterator[dict[str, str]]:
    """Starts a proxy before the sandbox, and yields the variables for the program. Raises InputError."""
    proxy = InterceptionProcess(policy, sandbox)
    with contextlib.closing(proxy):
        output(f"The sandbox answers for {policy.api.host}; {_others(policy)}.")
        if shows_browser_args:
            output(f"Chromium: {' '.join(proxy.browser_args)} --user-data-dir=DIR")
        yield proxy.variables(os.environ)
        for line in describe(proxy.seen(), policy):
            output(line)


def describe(seen: Seen, policy: Policy) -> Iterator[str]:
    """Yields sentences on what the user has to know of what the proxy has seen."""
    if not seen.requests:
        yield f"No request for {policy.api.host} came through the proxy: see Programs with a fixed address in docs/audit.md."
    if seen.untrusted:
        them = verb(seen.untrusted, "was", "were")
        yield (
            f"{count(seen.untrusted, 'connection')} {them} cut off by the program, which does not trust the audit's certificate."
        )
    if seen.hosts:
        yield f"Refused, because the host is not the API's: {_listed(seen.hosts)}. --allow-host HOST passes them on."
    if seen.mistakes:
        yield f"Refused for their form: {_listed(seen.mistakes)}."


def _others(policy: Policy) -> str:
    if not policy.allowed:
        return "requests to other hosts are refused (--allow-host)"
    return f"requests to {', '.join(policy.allowed)} are passed on, others are refused"


def _listed(counts: dict[str, int]) -> str:
    rows = sorted(((number, name) for name, number in counts.items()), key=lambda row: (-row[0], row[1]))
    rest = sum(number for number, _ in rows[_MOST_SHOWN:])
    return listed([*rows[:_MOST_SHOWN], *([(rest, "others")] if rest else [])])
