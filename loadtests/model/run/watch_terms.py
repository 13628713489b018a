"""The terms of a watch: what it expects of the account's sessions, how often it looks, and what raises an alert."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class AlertRules(BaseModel):
    """Thresholds of the alerts; None: no such alert. An alert is raised from its threshold on."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    open: int | None = None
    """Open sessions."""
    age: float | None = None
    """Age of the oldest open session, in seconds."""
    overdue: int | None = None
    """Sessions open for longer than their idle timeout, or than the duration cap."""
    unreachable: float | None = None
    """Seconds for which the list could not be read."""


class WatchTerms(BaseModel):
    """The terms of `streamsoak watch`. Durations are in seconds."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    every: float
    """Between two looks at the list, at least."""
    budget: int
    """Requests an hour, at most; each page of the list is one."""
    idle: float | None = None
    """The idle timeout of sessions whose list entry has none; None: unknown."""
    cap: float | None = None
    """The duration after which the API closes any session; None: unknown."""
    alerts: AlertRules = AlertRules()
