"""Findings about keep-alives: `keepalive-slower-than-timeout`, `keepalive-throttled`, `keepalive-too-tight`,
`uncovered-quiet-periods` and `zombie-keepalives`.
"""

from __future__ import annotations

from loadtests.model.api.operation import Operation
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count
from reports.analysis.client import Client, Life
from reports.analysis.throttling import Beat, throttling
from reports.audit.check import AuditCheck, Facts, kinds
from reports.findings.keepalive_throttled import ADVICE

TIGHT = 0.1
"""A margin is tight below this share of the idle timeout."""
LEAST_TIGHT = 2
LEAST_ZOMBIE_KEEP_ALIVES = 3


def margins(life: Life) -> list[float]:
    """Return each keep-alive's margin in seconds: (activity before + idle timeout) − answer; below 0 it came too late."""
    before, found = life.new.t, []
    for call in life.calls:
        if call.kind == Operation.KEEP_ALIVE:
            found.append(before + life.idle_timeout - call.answered)
        if call.is_activity:
            before = call.t
    return found


def _slower(client: Client) -> Facts:
    margin = {life.number: margins(life) for life in client.lives}
    return {
        life.number: f"the earliest keep-alive came {format_duration(life.idle_timeout - max(margin[life.number]))} after the"
        f" activity before it (idle timeout {format_duration(life.idle_timeout)})"
        for life in client.lives
        if margin[life.number] and max(margin[life.number]) <= 0
    }


def _tight(client: Client) -> Facts:
    return {
        life.number: f"{count(len(tight), 'keep-alive')}, the smallest margin {format_duration(min(tight))}"
        f" (idle timeout {format_duration(life.idle_timeout)})"
        for life in client.lives
        if len(tight := [left for left in margins(life) if 0 < left < TIGHT * life.idle_timeout]) >= LEAST_TIGHT
    }


def _uncovered(client: Client) -> Facts:
    return {
        life.number: f"nothing for {format_duration(life.gap)} (idle timeout {format_duration(life.idle_timeout)}), then"
        f" {kinds(life.late)} on the closed session"
        for life in client.lives
        if life.stopped is None and life.late and life.gap >= life.idle_timeout - 1e-6
    }


def _throttled(client: Client) -> Facts:
    return {life.number: shown for life in client.lives if (shown := _throttling(life))}


def _throttling(life: Life) -> str:
    beats = [Beat(call.kind, call.t, call.answered, call.status > 0) for call in life.calls]
    found = throttling(life.number, beats)
    if found is None:
        return ""
    return (
        f"keep-alives came every {format_duration(found.interval)}, then"
        f" {count(found.gaps, 'time')} once a minute (idle timeout {format_duration(life.idle_timeout)})"
    )


def _zombies(client: Client) -> Facts:
    return {life.number: shown for life in client.lives if (shown := _zombie(life))}


def _zombie(life: Life) -> str:
    calls = life.abandoned
    if len(calls) < LEAST_ZOMBIE_KEEP_ALIVES or calls[-1].t - calls[0].t <= life.idle_timeout:
        return ""
    return f"{count(len(calls), 'keep-alive')} in {format_duration(calls[-1].t - calls[0].t)}, and no other call"


SLOWER = AuditCheck(
    "keepalive-slower-than-timeout",
    "problem",
    "certain",
    _slower,
    "Keep-alives came after the idle timeout in {n}.",
    lambda api: (
        f"Derive the interval from the timeout (half of {api.idle_timeout})"
        f"{'; the vendor’s example uses a fixed 60 s' if api.api.is_default else ''}."
    ),
    "Every keep-alive came before the idle timeout.",
)
TOO_TIGHT = AuditCheck(
    "keepalive-too-tight",
    "warning",
    "certain",
    _tight,
    "Keep-alives had a margin of less than a tenth of the idle timeout in {n}.",
    lambda api: (
        f"Send keep-alives at half of {api.idle_timeout}{api.longer_timeout}: the answer has to arrive in time, too."
    ),
    "Every keep-alive had a margin of at least a tenth of the idle timeout.",
)
UNCOVERED_QUIET_PERIODS = AuditCheck(
    "uncovered-quiet-periods",
    "problem",
    "certain",
    _uncovered,
    "The API closed {n} for idleness while your client still used {them}.",
    lambda api: f"Send {api.keep_alive} before {api.idle_timeout} expires in quiet periods{api.longer_timeout}.",
    "No session was closed for idleness while it was used.",
)
THROTTLED = AuditCheck(
    "keepalive-throttled",
    "warning",
    "likely",
    _throttled,
    "The keep-alive timer of {n} was throttled to one a minute, as browsers do to pages that have been hidden for long.",
    lambda api: ADVICE,
    "No keep-alive timer was throttled.",
)
ZOMBIE_KEEP_ALIVES = AuditCheck(
    "zombie-keepalives",
    "problem",
    "likely",
    _zombies,
    "Only a keep-alive timer kept {n} open.",
    lambda api: (
        "Clear the keep-alive timer first on every exit path: it holds the slot for as long as it runs."
        f" Then send {api.stop}."
    ),
    "No session was kept open by a keep-alive timer alone.",
)
