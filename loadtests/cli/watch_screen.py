"""Shows a watch on a terminal: the account's figures and its oldest sessions, redrawn each second."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table as Grid
from rich.text import Text

from loadtests.cli.terminal import shorten
from loadtests.model.api.answer import Outcome
from loadtests.model.text.units import format_clock, format_duration
from loadtests.model.text.wording import count, decimal, percent
from loadtests.monitoring.alert_message import timestamp

if TYPE_CHECKING:
    from loadtests.monitoring.account_state import AccountFigures
    from loadtests.monitoring.alerts import Alert
    from loadtests.monitoring.watch import Watch

_BAR = 20
"""Characters."""
_OLDEST = 8
"""Sessions shown."""
_ALERTS = 5
"""Alerts shown, the latest last."""
_HIGH, _FULL = 0.8, 1.0
"""From this share of the limit on the bar is yellow, and red."""


class ScreenView:
    """A context manager: draws within it, and leaves the last picture on the screen."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)
        self._told: deque[Text] = deque(maxlen=_ALERTS)

    def __enter__(self) -> ScreenView:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def look(self, watch: Watch, figures: AccountFigures) -> None:
        """Redraw."""
        self._live.update(screen(watch, figures, self._told), refresh=True)

    def tick(self, watch: Watch, figures: AccountFigures) -> None:
        """Redraw."""
        self.look(watch, figures)

    def alert(self, watch: Watch, alert: Alert) -> None:
        """Keep it for the next picture."""
        style = "bold red" if alert.is_raised else "green"
        at = timestamp(watch.started_unix + alert.at)
        self._told.append(Text.assemble(f"{at} ", (alert.state, style), f" {alert.name}: {alert.text}"))

    def note(self, text: str) -> None:
        """Print the text above the picture."""
        self._live.console.print(Text(text))


def screen(watch: Watch, figures: AccountFigures, alerts: deque[Text]) -> RenderableType:
    """The picture of one moment."""
    parts: list[RenderableType] = [
        Text(f"{watch.settings.route.origin.url}  {_clock(watch, figures)}  {_look_line(watch, figures)}"),
        _open_line(figures),
        *map(Text, _age_lines(figures)),
        Text(_flow_line(figures)),
    ]
    if oldest := watch.state.oldest(figures.at, _OLDEST):
        short = shorten([session.id for session, _ in oldest])
        grid = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
        for heading in ("oldest sessions", "open for", ""):
            grid.add_column(heading, no_wrap=True)
        for session, age in oldest:
            overdue = "longer than expected" if watch.state.is_overdue(session, age) else ""
            missing = "missing in the last list" if session.missing_since is not None else ""
            # A control character of an id would move the cursor.
            shown = "".join(c if c.isprintable() else "?" for c in short[session.id])
            grid.add_row(Text(shown), format_duration(age), Text(missing or overdue, style="yellow"))
        parts += [Text(), grid]
    if alerts:
        parts += [Text(), *alerts]
    return Group(*parts)


def _clock(watch: Watch, figures: AccountFigures) -> str:
    duration = watch.settings.duration
    return format_clock(figures.at) + (f" of {format_clock(duration)}" if duration else "")


def _look_line(watch: Watch, figures: AccountFigures) -> str:
    last, coming = watch.last_look, f"next look in {max(0, round(watch.next_look - figures.at))} s"
    if last is None or last.outcome == Outcome.OK:
        return coming
    return f"no list for {format_duration(round(figures.unread_for))} ({last.reason or last.outcome})  {coming}"


def _open_line(figures: AccountFigures) -> Text:
    if figures.open is None:
        return Text("open: unknown, no list has been read yet", style="yellow")
    if not figures.limit:
        return Text(count(figures.open, "open session"), style="bold")
    share = figures.open / figures.limit
    style = "bold red" if share >= _FULL else "bold yellow" if share >= _HIGH else "bold"
    done = min(_BAR, round(_BAR * share))
    return Text.assemble(
        (f"{figures.open:,} of {figures.limit:,} open", style),
        f"  [{'#' * done}{'.' * (_BAR - done)}] {percent(share)}",
    )


def _age_lines(figures: AccountFigures) -> Iterator[str]:
    if figures.oldest is not None and figures.median_age is not None:
        yield f"oldest {format_duration(figures.oldest)}, median {format_duration(figures.median_age)}"
    longer = []
    if figures.longer_than_idle is not None:
        longer.append(f"longer than their idle timeout: {figures.longer_than_idle:,} (may be in use)")
    if figures.longer_than_cap is not None:
        longer.append(f"longer than the cap: {figures.longer_than_cap:,}")
    if longer:
        yield "  ".join(longer)


def _flow_line(figures: AccountFigures) -> str:
    rates = []
    for name, rate, number in (
        ("opened", figures.opened_per_minute, figures.opened),
        ("closed", figures.closed_per_minute, figures.closed),
    ):
        rates.append(f"{name} {number:,}" + ("" if rate is None else f" ({decimal(rate)} a minute)"))
    parts = [*rates, count(figures.requests, "request")]
    if figures.failed_looks:
        parts.append(f"{count(figures.failed_looks, 'look')} without a list")
    if figures.missing:
        parts.append(f"{figures.missing:,} missing in the last list")
    if figures.returned:
        parts.append(f"{count(figures.returned, 'session')} came back: the list is inconsistent")
    return "  ".join(parts)
