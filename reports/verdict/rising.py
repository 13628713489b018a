"""Whether a figure could have risen: a count of events says nothing where the calls that cause them did not work."""

from __future__ import annotations

from collections.abc import Mapping

from loadtests.model.api.operation import Operation
from loadtests.model.text.wording import of_total

LEAST_SHARE = 0.5
"""Share of the calls of a kind that the API must have processed."""

_NEW, _STOP, _KEEP_ALIVE, _LIST = Operation.NEW, Operation.STOP, Operation.KEEP_ALIVE, Operation.LIST

_RAISED_BY: dict[str, tuple[Operation, ...]] = {
    "concurrency_hits": (_NEW,),
    "withheld": (),
    "sessions": (_NEW,),
    "sessions.ghosts": (_NEW, _STOP, _LIST),
    "sessions.fates": (_NEW, _LIST),
    "sessions.fates.closed": (_NEW, _STOP),
    "sessions.fates.stop-failed": (_NEW,),
    "finding.ghost-sessions": (_STOP, _LIST),
    "finding.stop-without-effect": (_STOP, _LIST),
    "finding.slot-release-lag": (_STOP,),
    "finding.keepalive-ignored": (_KEEP_ALIVE,),
    "finding.limit-too-low": (_NEW,),
    "finding.limit-below-advertised": (_NEW,),
    "finding.leaks-held-the-limit": (_NEW,),
    "finding.unexplained-refusals": (_NEW,),
    "finding.sessions-lost-to-idle": (_KEEP_ALIVE,),
}
"""By the figure or its longest listed beginning."""

Calls = Mapping[str, Mapping[str, int]]
"""Numbers by call, as in summary.json."""


def could_not_rise(calls: Calls, figure: str) -> str:
    """Returns why `figure` could not have risen; "" if it could."""
    for operation in _raised_by(figure):
        made = calls.get(operation)
        if made is None:
            continue
        processed = made["ok"] + made["refused"]
        if processed < LEAST_SHARE * made["sent"]:
            what = of_total(made["sent"] - processed, made["sent"], f"{operation} call")
            return f"it could not rise as it should: {what} did not work"
    return ""


def _raised_by(figure: str) -> tuple[Operation, ...]:
    parts = figure.split(".")
    names = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((_RAISED_BY[name] for name in names if name in _RAISED_BY), ())
