"""Decides which alerts are raised and resolved, each once: when a figure reaches its threshold, and when it is well below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from loadtests.model.run.watch_terms import AlertRules
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, verb
from loadtests.monitoring.account_state import AccountFigures

RESOLVED_SHARE = 0.9
"""An alert is resolved at this share of its threshold or below."""
RESOLVED_LOOKS = 2
"""How many looks in a row have to show that."""


class AlertName(StrEnum):
    """What an alert is about."""

    OPEN = "open"
    AGE = "age"
    OVERDUE = "overdue"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that is raised or resolved."""

    name: AlertName
    is_raised: bool
    value: float
    """In the threshold's unit: sessions or seconds."""
    threshold: float
    at: float
    """In seconds of the watch."""

    @property
    def state(self) -> str:
        """Raised or resolved, as one word."""
        return "raised" if self.is_raised else "resolved"

    @property
    def text(self) -> str:
        """One sentence without its full stop."""
        return _TEXTS[self.name](self.value, self.threshold)


class Alerts:
    """The alerts of one watch."""

    def __init__(self, rules: AlertRules) -> None:
        self._thresholds = {
            AlertName.OPEN: rules.open,
            AlertName.AGE: rules.age,
            AlertName.OVERDUE: rules.overdue,
            AlertName.UNREACHABLE: rules.unreachable,
        }
        self._calm: dict[AlertName, set[int]] = {}
        """Active alerts, each with the looks in a row at which its figure was low enough."""
        self.raised = 0

    @property
    def thresholds(self) -> dict[AlertName, float]:
        """The threshold of each alert that there is."""
        return {name: threshold for name, threshold in self._thresholds.items() if threshold is not None}

    @property
    def active(self) -> tuple[AlertName, ...]:
        """Alerts that are raised now, the first raised first."""
        return tuple(self._calm)

    def update(self, figures: AccountFigures) -> list[Alert]:
        """Returns the alerts that these figures raise or resolve."""
        return list(self._changes(figures))

    def _changes(self, figures: AccountFigures) -> Iterator[Alert]:
        for name, threshold in self.thresholds.items():
            value = _value(name, figures)
            if value is None:
                continue
            is_active = name in self._calm
            if not is_active and value >= threshold:
                self._calm[name] = set()
                self.raised += 1
                yield Alert(name, True, value, threshold, figures.at)
            elif is_active and self._is_over(name, value, threshold, figures):
                del self._calm[name]
                yield Alert(name, False, value, threshold, figures.at)

    def _is_over(self, name: AlertName, value: float, threshold: float, figures: AccountFigures) -> bool:
        if name is AlertName.UNREACHABLE:
            return value < threshold
        looks = self._calm[name]
        if value > RESOLVED_SHARE * threshold:
            looks.clear()
        else:
            looks.add(figures.looks - figures.failed_looks)
        return len(looks) >= RESOLVED_LOOKS


def _value(name: AlertName, figures: AccountFigures) -> float | None:
    """The figure of an alert; None: it is not known, so nothing is raised or resolved."""
    if name is AlertName.UNREACHABLE:
        return figures.unread_for
    if name is AlertName.AGE:
        return figures.oldest if figures.open else None if figures.open is None else 0.0
    return figures.open if name is AlertName.OPEN else figures.overdue


def _open(value: float, threshold: float) -> str:
    return f"{count(round(value), 'session')} {verb(round(value), 'is', 'are')} open (threshold {threshold:,.0f})"


def _age(value: float, threshold: float) -> str:
    return f"the oldest session has been open for {format_duration(value)} (threshold {format_duration(threshold)})"


def _overdue(value: float, threshold: float) -> str:
    return f"{count(round(value), 'session')} outlived what is expected (threshold {threshold:,.0f})"


def _unreachable(value: float, threshold: float) -> str:
    return f"the list was last read {format_duration(value)} ago (threshold {format_duration(threshold)})"


_TEXTS = {
    AlertName.OPEN: _open,
    AlertName.AGE: _age,
    AlertName.OVERDUE: _overdue,
    AlertName.UNREACHABLE: _unreachable,
}
