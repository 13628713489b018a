"""Tells what a profile does by its own words from what its client did without being asked to.

A scenario with leaky profiles leaks. Such a finding is no warning: it gets the severity *modelled*, and the cost in slots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from loadtests.model.people.profile import Profile, Way
from loadtests.model.session.behaviour import FAILED_START
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import percent
from reports.findings.evidence import Evidence
from reports.findings.finding import Finding
from reports.findings.retry_storm import STORM_SECONDS
from reports.findings.ways import REPLACED

_TIGHT_SHARE = 0.8
"""A keep-alive that is due after this share of the idle timeout leaves little of it, with jitter and latency."""


def _leaves(*ways: Way) -> Callable[[Profile], bool]:
    return lambda profile: any(share > 0 for way, share in profile.leaving.shares() if way in ways)


def _sleeps_long(profile: Profile) -> bool:
    keep_alive = profile.keep_alive
    if not profile.page.is_always_visible:
        return True
    return keep_alive.when == "never" or keep_alive.interval(_idle_timeout(profile)) >= _TIGHT_SHARE * _idle_timeout(
        profile
    )


def _idle_timeout(profile: Profile) -> float:
    return profile.idle_timeout.quantile(0.5)


_ASKED_FOR: dict[str, Callable[[Profile], bool]] = {
    "unclosed-sessions": lambda profile: profile.leaving.leaks,
    "zombie-keepalives": _leaves(Way.ZOMBIE),
    "double-open": _leaves(*REPLACED),
    "keepalive-throttled": lambda profile: profile.page.hidden > 0,
    "no-stop-after-failed-start": lambda profile: not profile.leaving.stop_after_failed_start,
    "deprecated-disable-idle-timeout": lambda profile: profile.disable_idle_timeout,
    "ignored-concurrency-errors": lambda profile: profile.on_refusal.retries == 0,
    "uncovered-quiet-periods": _sleeps_long,
    "sessions-lost-to-idle": _sleeps_long,
    "keepalive-too-tight": _sleeps_long,
    "keepalive-slower-than-timeout": _sleeps_long,
    "retry-storm": lambda profile: profile.on_refusal.backoff * (1 - profile.on_refusal.jitter) < STORM_SECONDS,
}
"""By finding: whether a profile does this by its own words."""

_COSTS: dict[str, tuple[str, ...]] = {
    "unclosed-sessions": (*(way for way in Way if way is not Way.CLOSE), FAILED_START),
    "zombie-keepalives": (Way.ZOMBIE,),
    "double-open": REPLACED,
    "no-stop-after-failed-start": (FAILED_START,),
}
"""By finding: the ways of leaving whose sessions hold slots without their person."""

_PROFILES = "SELECT DISTINCT profile FROM sessions WHERE list_contains($sessions, session)"


def as_modelled(finding: Finding, evidence: Evidence) -> Finding:
    """Returns the finding with the severity *modelled* if every profile concerned asks for what it says; else as it is."""
    asks = _ASKED_FOR.get(finding.name)
    people = evidence.manifest.people
    if asks is None or finding.severity not in ("warning", "note"):
        return finding
    names = _concerned(finding, evidence)
    if not names or not all(name in people and asks(people[name]) for name in names):
        return finding
    return replace(finding, severity="modelled", text=f"{finding.text}{_cost(finding.name, evidence)}")


def _concerned(finding: Finding, evidence: Evidence) -> list[str]:
    """Returns the profiles of the sessions that show it; those of all quiet people where it names none."""
    if finding.sessions:
        rows = evidence.log.records(_PROFILES, sessions=list(finding.sessions))
        return [str(row["profile"]) for row in rows] or list(evidence.manifest.people)
    coverage = evidence.keep_alives.coverage
    return [str(name) for name in coverage.loc[coverage["covered"] < coverage["periods"], "profile"]]


def _cost(name: str, evidence: Evidence) -> str:
    ways = _COSTS.get(name)
    if ways is None:
        return ""
    costs = evidence.leak_costs.rows
    own = costs[costs["way"].isin([str(way) for way in ways])]
    seconds, whole = float(own["slot_seconds"].sum()), sum(evidence.slot_seconds.values())
    if not seconds or not whole:
        return ""
    text = f" Afterwards these sessions held slots for {format_duration(seconds)} ({percent(seconds / whole)} of all slot time)"
    if hits := evidence.hits.count:
        text += f", and {own['hits'].sum() / hits:.1f} slots on average at a concurrency hit"
    return f"{text}."
