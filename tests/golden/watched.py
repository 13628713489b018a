"""Logs of watches in virtual time: each list is written down, and nothing is sent."""

from __future__ import annotations

from pathlib import Path

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.description.default import default_api
from loadtests.model.run.watch_terms import AlertRules, WatchTerms
from loadtests.monitoring.account_state import AccountState
from loadtests.monitoring.alerts import Alerts
from loadtests.monitoring.watch_log import WatchLog
from loadtests.observing.list_snapshot import ListHistory, ListSnapshot

STARTED = 1_700_000_000.0
EVERY = 10.0


class Watched:
    """A watch that looks every ten seconds."""

    def __init__(
        self, runs: Path, limit: int | None = 10, *, alerts: AlertRules | None = None, **expected: float
    ) -> None:
        terms = WatchTerms(every=EVERY, budget=1000, alerts=alerts or AlertRules(), **expected)  # type: ignore[arg-type]
        self._state, self._alerts = AccountState(terms, limit, STARTED), Alerts(terms.alerts)
        self._log = WatchLog(runs, "https://api.example.com", default_api(), limit, terms, STARTED)
        self._history = ListHistory()
        self.run = self._log.folder
        self.now = 0.0

    def look(self, **created: float | None) -> Watched:
        """One list: ids with created_at, in seconds of the watch; None: without it."""
        answer = Answer(Outcome.OK, sent=self.now, answered=self.now + 0.1)
        listed = {name: 0.0 if t is None else STARTED + t for name, t in created.items()}
        return self._take(self._history.compare(self.now, answer, listed))

    def fail(self, reason: Reason = Reason.TIMEOUT) -> Watched:
        """One look without a list."""
        answer = Answer(Outcome.UNKNOWN, reason, self.now, self.now + 0.1)
        return self._take(ListSnapshot.without_list(self.now, answer))

    def end(self, reason: str = "its time was over") -> Path:
        """The end; the run directory."""
        self._log.close(self.now, reason)
        return self.run

    def _take(self, snapshot: ListSnapshot) -> Watched:
        self._log.look(snapshot, self._state.update(snapshot))
        for alert in self._alerts.update(self._state.figures(snapshot.answered)):
            self._log.alert(alert)
        self.now += EVERY
        return self
