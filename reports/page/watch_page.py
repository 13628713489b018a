"""The page of a watch: how many sessions the account had open, how old they were, and how they ended."""

from __future__ import annotations

from typing import Any

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count
from reports.charts.drawing import draw
from reports.charts.renderer import Renderer
from reports.html.document import embedded, environment
from reports.page.watch_charts import ages_over_time, changes_over_time, open_over_time
from reports.summary import Analysis
from reports.watch.account import AlertPeriod, WatchedAccount

_ENDINGS = {
    "before-idle": "ended before the idle timeout could have passed: their clients closed them",
    "at-idle": "ended after about the idle timeout, as a session does that is left unused from the beginning",
    "at-cap": "ended after about the duration cap",
    "other": "were open for longer than the idle timeout: closed by their clients, or by the API after they had been left",
    "undated": "have no created_at, or no idle timeout or cap is known to compare with",
}


class WatchPage:
    """The page of one watch. Its charts come first, so that the picture can be drawn while the page is written."""

    def __init__(self, analysis: Analysis, renderer: Renderer) -> None:
        """Compile the charts."""
        account = analysis.watched
        assert account
        self._analysis, self._account = analysis, account
        end = analysis.log_end
        self.drawing = draw(
            [
                ("sessions", lambda: open_over_time(account, analysis.log.manifest.limit, end)),
                ("ages", lambda: ages_over_time(account, end)),
                ("changes", lambda: changes_over_time(account, end)),
            ],
            renderer,
        )

    def render(self) -> str:
        """The page: no request leaves it, whatever is in the log is text in it."""
        analysis, account = self._analysis, self._account
        templates = environment()
        templates.globals.update(failures=self.drawing.failures, figures="summary.json")
        return templates.get_template("watch.html").render(
            a=analysis,
            s=analysis.summary,
            w=account,
            verdict=analysis.verdict,
            manifest=analysis.log.manifest,
            alerts=[_alert(alert) for alert in account.alerts],
            endings=[(account.endings[name], text) for name, text in _ENDINGS.items() if account.endings[name]],
            empty=self.drawing.sentences,
            expectations=list(_expectations(account)),
            charts=embedded(self.drawing.specs),
            library=self.drawing.library,
        )


def _alert(alert: AlertPeriod) -> dict[str, Any]:
    """An alert with its figure in words."""
    is_sessions = alert.name in ("open", "overdue")
    shown = count(round(alert.value), "session") if is_sessions else format_duration(alert.value)
    return {**vars(alert), "shown": shown}


def _expectations(account: WatchedAccount) -> list[tuple[str, str]]:
    """How many sessions are older than expected, each with what that means."""
    found = []
    if account.longer_than_idle is not None:
        text = "open for longer than the idle timeout; they may be in use, since a list does not show activity"
        found.append((count(account.longer_than_idle, "session"), text))
    if account.longer_than_cap is not None:
        text = "open for longer than the duration cap, at which the API should have closed them"
        found.append((count(account.longer_than_cap, "session"), text))
    return found
