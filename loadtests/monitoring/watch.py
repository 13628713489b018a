"""Looks at an account's list again and again, and tells views, log and alert hook what it sees."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import gevent

from loadtests.http.key import key_variables
from loadtests.http.route import Route
from loadtests.model.api.answer import Outcome, Reason
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.run.end_reason import STOPPED, TIME_OVER
from loadtests.model.run.watch_terms import WatchTerms
from loadtests.model.text.input_error import EXIT_FAIL, EXIT_PASS, EXIT_UNKNOWN, InputError
from loadtests.model.text.wording import count
from loadtests.monitoring.account_state import AccountFigures, AccountState
from loadtests.monitoring.alert_hook import AlertHook
from loadtests.monitoring.alert_message import alert_message
from loadtests.monitoring.alerts import Alert, Alerts
from loadtests.monitoring.pace import Pace, RequestBudget
from loadtests.monitoring.watch_log import WatchLog
from loadtests.observing.list_observer import ListObserver, PollSettings
from loadtests.observing.list_snapshot import ListSnapshot

_TIMEOUT_SECONDS = 10.0
_TICK_SECONDS = 1.0
_NAMED_SESSIONS = 20
"""In the message of an alert."""


@dataclass(frozen=True)
class WatchSettings:
    """What to watch, and for how long."""

    route: Route
    api: ApiDescription
    terms: WatchTerms
    limit: int | None
    duration: float | None
    """Seconds; 0: one look; None: until it is stopped."""


class View(Protocol):
    """Shows a watch to its user."""

    def look(self, watch: Watch, figures: AccountFigures) -> None:
        """There has been a look at the list."""

    def tick(self, watch: Watch, figures: AccountFigures) -> None:
        """A second has passed."""

    def alert(self, watch: Watch, alert: Alert) -> None:
        """An alert is raised or resolved."""

    def note(self, text: str) -> None:
        """Something else that the user should know."""


class Watch:
    """One watch of one account. Times are in seconds of the watch."""

    def __init__(
        self,
        settings: WatchSettings,
        key: str,
        open_log: Callable[[float], WatchLog] | None = None,
        hook: AlertHook | None = None,
    ) -> None:
        """`open_log` is called with the wall clock at 0 of the watch's clock, once the API has not rejected the key."""
        self.settings = settings
        self.zero = time.monotonic()
        self.started_unix = time.time()
        self.state = AccountState(settings.terms, settings.limit, self.started_unix)
        self.alerts = Alerts(settings.terms.alerts)
        self.last_look: ListSnapshot | None = None
        self.next_look = 0.0
        self.log: WatchLog | None = None
        self._open_log = open_log
        self._hook = hook
        self._budget = RequestBudget(settings.terms.budget)
        self.pace = Pace(settings.terms.every, self._budget)
        self._pages_told = 1
        poll = PollSettings(
            settings.route.origin.url,
            settings.api.model_dump_json(),
            settings.terms.every,
            _TIMEOUT_SECONDS,
            self.zero,
        )
        self._observer = ListObserver(poll, key, lambda: self._budget.take(self.now()))

    def now(self) -> float:
        """Seconds since the watch began."""
        return time.monotonic() - self.zero

    def run(self, view: View, export: Callable[[AccountFigures], None]) -> str:
        """Watches until the time is over or KeyboardInterrupt is raised; returns why it ended.

        `export` gets the figures each second. Raises InputError if the API rejects the key at the first look.
        """
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                if self.now() >= self.next_look and self._budget.take(self.now()):
                    self._look(view)
                    if self.settings.duration == 0:
                        return TIME_OVER
                export(self._tick(view))
                if self.settings.duration is not None and self.now() >= self.settings.duration:
                    return TIME_OVER
                gevent.sleep(min(_TICK_SECONDS, max(0.01, self.next_look - self.now())))
        return STOPPED

    @property
    def exit_code(self) -> int:
        """1: an alert was raised. 2: most looks, or all, got no list. 0: neither."""
        if self.alerts.raised:
            return EXIT_FAIL
        figures = self.state.figures(self.now())
        is_read = self.state.has_been_read and 2 * figures.failed_looks <= figures.looks
        return EXIT_PASS if is_read else EXIT_UNKNOWN

    def end(self, reason: str) -> int:
        """Waits for the alert hook and closes the log; returns the number of events that could not be written."""
        if self._hook:
            self._hook.wait()
        return self.log.close(self.now(), reason) if self.log else 0

    def _look(self, view: View) -> None:
        snapshot = self._observer.poll(self.next_look)
        if snapshot.reason == Reason.UNAUTHORIZED and self.last_look is None:
            variable = " or ".join(key_variables(self.settings.api))
            raise InputError.of(variable, f"was rejected by the API (HTTP {snapshot.status})")
        if self.last_look is None and self._open_log:
            self.log = self._open_log(self.started_unix)
        self.last_look = snapshot
        changes = self.state.update(snapshot)
        if self.log:
            self.log.look(snapshot, changes)
        self.next_look = self.pace.next_look(snapshot, self.now())
        if snapshot.outcome == Outcome.OK and snapshot.requests != self._pages_told:
            self._pages_told = snapshot.requests
            view.note(f"The list has {count(snapshot.requests, 'page')}: {self.pace.cost}.")
        self._evaluate(view)
        view.look(self, self.state.figures(self.now()))

    def _tick(self, view: View) -> AccountFigures:
        self._evaluate(view)
        figures = self.state.figures(self.now())
        view.tick(self, figures)
        return figures

    def _evaluate(self, view: View) -> None:
        figures = self.state.figures(self.now())
        for alert in self.alerts.update(figures):
            if self.log:
                self.log.alert(alert)
            view.alert(self, alert)
            if self._hook:
                oldest = [session.id for session, _ in self.state.oldest(figures.at, _NAMED_SESSIONS)]
                host = self.settings.route.origin.url
                self._hook.send(alert_message(alert, figures, host, self.started_unix, oldest))
