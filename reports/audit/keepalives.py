"""`keepalive-slower-than-timeout` and `keepalive-too-tight`: what keep-alives left of the idle timeout."""

from __future__ import annotations

from loadtests.model.api.surface import ACTIVITY, Operation
from loadtests.model.text.units import format_duration
from reports.analysis.client import Client, Life
from reports.audit.check import AuditCheck, Facts

TIGHT = 0.1
"""Of the idle timeout."""
LEAST_TIGHT = 2


def margins(life: Life) -> list[float]:
    """Of each keep-alive, in seconds: (activity before + idle timeout) − answer; below 0 it came too late."""
    before, found = life.new.t, []
    for call in life.calls:
        if call.kind == Operation.KEEP_ALIVE:
            found.append(before + life.idle_timeout - call.answered)
        if call.kind in ACTIVITY:
            before = call.t
    return found


def _slower(client: Client) -> Facts:
    spare = {life.number: margins(life) for life in client.lives}
    return {
        life.number: f"the soonest keep-alive came {format_duration(life.idle_timeout - max(spare[life.number]))} after the"
        f" activity before it (idle timeout {format_duration(life.idle_timeout)})"
        for life in client.lives
        if spare[life.number] and max(spare[life.number]) <= 0
    }


def _tight(client: Client) -> Facts:
    return {
        life.number: f"{len(tight)} keep-alives, {format_duration(min(tight))} to spare at the worst"
        f" (idle timeout {format_duration(life.idle_timeout)})"
        for life in client.lives
        if len(tight := [left for left in margins(life) if 0 < left < TIGHT * life.idle_timeout]) >= LEAST_TIGHT
    }


SLOWER = AuditCheck(
    "keepalive-slower-than-timeout",
    "problem",
    "certain",
    _slower,
    "Keep-alives come when the idle timeout is over: {n}.",
    "Take the interval from the timeout (half of activity_idle_timeout), not a fixed 60 s as in the vendor's example.",
)
TOO_TIGHT = AuditCheck(
    "keepalive-too-tight",
    "warning",
    "certain",
    _tight,
    "Keep-alives with less than a tenth of the idle timeout to spare: {n}.",
    "Send keep-alives at half of activity_idle_timeout, or ask for a longer timeout: the answer has to come in time, too.",
)
