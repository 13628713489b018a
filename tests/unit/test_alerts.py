"""Alerts of a watch: each is raised once and resolved once."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.run.watch_terms import AlertRules, WatchTerms
from loadtests.monitoring.account_state import AccountFigures, AccountState
from loadtests.monitoring.alerts import Alerts

_EMPTY = AccountState(WatchTerms(every=10, budget=100), 20, 0.0).figures(0.0)


def figures(look: int, **known: float | None) -> AccountFigures:
    """The figures after that many looks, all of them good."""
    return replace(_EMPTY, looks=look, at=10.0 * look, **known)  # type: ignore[arg-type]


def told(alerts: Alerts, *steps: AccountFigures) -> list[str]:
    """What is raised (+) and resolved (-) at each step."""
    return [
        "".join(f"{'+' if alert.is_raised else '-'}{alert.name}" for alert in alerts.update(step)) for step in steps
    ]


def test_an_alert_is_raised_once_and_resolved_once() -> None:
    """At 90 % of the threshold, in two looks in a row; once each, however often the figures are read between the looks."""
    alerts = Alerts(AlertRules(open=10))
    opened = (9, 10, 12, 10, 9, 9, 8, 11, 10, 10)
    steps = [figures(look, open=number) for look, number in enumerate(opened, 1)]
    assert told(alerts, *steps[:4]) == ["", "+open", "", ""]
    assert told(alerts, steps[4], steps[4], steps[4]) == ["", "", ""]
    assert alerts.active == ("open",)
    assert told(alerts, *steps[5:]) == ["-open", "", "+open", "", ""]
    assert alerts.raised == 2


def test_a_look_above_the_level_begins_the_count_again() -> None:
    """9, 10, 9: not two in a row."""
    alerts = Alerts(AlertRules(open=10))
    steps = [figures(look, open=number) for look, number in enumerate((10, 9, 10, 9, 9), 1)]
    assert told(alerts, *steps) == ["+open", "", "", "", "-open"]


def test_unknown_figures_raise_and_resolve_nothing() -> None:
    """An account that cannot be read is not an empty one."""
    alerts = Alerts(AlertRules(open=1, age=60, overdue=1))
    assert told(alerts, figures(1, open=None, oldest=None)) == [""]
    assert told(alerts, figures(2, open=2, oldest=90.0, longer_than_idle=1)) == ["+open+age+overdue"]
    assert told(alerts, figures(3, open=None), figures(4, open=None)) == ["", ""]
    assert told(alerts, figures(5, open=0, longer_than_idle=0), figures(6, open=0, longer_than_idle=0)) == [
        "",
        "-open-age-overdue",
    ]


def test_unreachable_is_resolved_by_the_first_list() -> None:
    """It needs no second one."""
    alerts = Alerts(AlertRules(unreachable=300))
    steps = [figures(1, unread_for=time) for time in (0.0, 299.0, 300.0, 400.0, 0.0)]
    assert told(alerts, *steps) == ["", "", "+unreachable", "", "-unreachable"]


def test_the_sentences() -> None:
    """Value and threshold, in their units."""
    alerts = Alerts(AlertRules(open=1, age=3600, overdue=1, unreachable=300))
    found = alerts.update(figures(1, open=1, oldest=4000.0, longer_than_cap=2, unread_for=360.0))
    assert [alert.text for alert in found] == [
        "1 session is open (threshold 1)",
        "the oldest session has been open for 1 h 6 min (threshold 1 h)",
        "2 sessions outlived what is expected (threshold 1)",
        "the list was last read 6 min ago (threshold 5 min)",
    ]


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(1, 20))
def test_raised_and_resolved_alternate(numbers: list[int], threshold: int) -> None:
    """Whatever the account does."""
    alerts = Alerts(AlertRules(open=threshold))
    steps = [figures(look, open=number) for look, number in enumerate(numbers, 1)]
    changes = [change for change in told(alerts, *steps) if change]
    assert changes == [("+open", "-open")[i % 2] for i in range(len(changes))]
    assert bool(changes) == (max(numbers, default=0) >= threshold)
