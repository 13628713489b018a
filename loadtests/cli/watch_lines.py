"""Shows a watch without a terminal: a line a minute, or a JSON object for each look."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

from loadtests.model.api.answer import Outcome
from loadtests.monitoring.alert_message import timestamp

if TYPE_CHECKING:
    from loadtests.monitoring.account_state import AccountFigures
    from loadtests.monitoring.alerts import Alert
    from loadtests.monitoring.watch import Watch

_LOG_SECONDS = 60.0


class LineView:
    """Prints the first look, then a line a minute, and each alert: `key=value` pairs, durations in seconds."""

    def __init__(self) -> None:
        self._next = 0.0

    def look(self, watch: Watch, figures: AccountFigures) -> None:
        """Print a line for the first look, and for the first of each minute."""
        if figures.at >= self._next:
            # Half a second less, since looks are not exactly on time.
            self._next = figures.at + _LOG_SECONDS - 0.5
            _print(_pairs(look_fields(watch, figures)))

    def tick(self, watch: Watch, figures: AccountFigures) -> None:
        """Print nothing."""

    def alert(self, watch: Watch, alert: Alert) -> None:
        """Print a line."""
        _print(_pairs(_alert_fields(watch, alert)))

    def note(self, text: str) -> None:
        """Print the text on standard error."""
        print(text, file=sys.stderr, flush=True)


class JsonView(LineView):
    """Prints one JSON object for each look and each alert."""

    def look(self, watch: Watch, figures: AccountFigures) -> None:
        """Print an object."""
        _print(json.dumps({"event": "look", **look_fields(watch, figures), "alerts": list(watch.alerts.active)}))

    def alert(self, watch: Watch, alert: Alert) -> None:
        """Print an object."""
        _print(json.dumps({"event": "alert", **_alert_fields(watch, alert)}))


def look_fields(watch: Watch, figures: AccountFigures) -> dict[str, Any]:
    """The fields of one look; None: unknown. `list` is "ok", or why there is none."""
    last = watch.last_look
    is_read = last is not None and last.outcome == Outcome.OK
    return {
        "time": timestamp(watch.started_unix + figures.at),
        "list": "ok" if is_read else (last.reason or last.outcome) if last else None,
        "open": figures.open,
        "limit": figures.limit,
        "missing": figures.missing,
        "oldest": _rounded(figures.oldest),
        "median_age": _rounded(figures.median_age),
        "longer_than_idle": figures.longer_than_idle,
        "longer_than_cap": figures.longer_than_cap,
        "opened": figures.opened,
        "closed": figures.closed,
        "opened_per_minute": _rounded(figures.opened_per_minute),
        "closed_per_minute": _rounded(figures.closed_per_minute),
        "returned": figures.returned,
        "requests": figures.requests,
    }


def _alert_fields(watch: Watch, alert: Alert) -> dict[str, Any]:
    return {
        "time": timestamp(watch.started_unix + alert.at),
        "alert": alert.name.value,
        "state": alert.state,
        "value": round(alert.value, 1),
        "threshold": alert.threshold,
        "text": alert.text,
    }


def _pairs(fields: dict[str, Any]) -> str:
    """The fields as `key=value`; what is unknown is left out, and a text with spaces stands in quotes."""
    return " ".join(f"{name}={_value(value)}" for name, value in fields.items() if value is not None)


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text else text


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 1)


def _print(line: str) -> None:
    print(line, flush=True)
