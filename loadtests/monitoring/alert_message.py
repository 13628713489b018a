"""An alert as a program receives it: JSON, and environment variables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from loadtests.monitoring.account_state import AccountFigures
from loadtests.monitoring.alerts import Alert


def alert_message(
    alert: Alert, figures: AccountFigures, host: str, started_unix: float, oldest: Sequence[str]
) -> dict[str, Any]:
    """Returns the message of an alert. `oldest`: ids of the oldest open sessions, the oldest first."""
    return {
        "alert": alert.name.value,
        "state": alert.state,
        "text": alert.text,
        "value": round(alert.value, 3),
        "threshold": alert.threshold,
        "time": timestamp(started_unix + alert.at),
        "host": host,
        "open": figures.open,
        "limit": figures.limit,
        "oldest_sessions": list(oldest),
    }


def alert_variables(message: dict[str, Any]) -> dict[str, str]:
    """Returns the environment variables of a command. Ids are in the JSON only: the API chooses their text."""
    return {
        "STREAMSOAK_ALERT": message["alert"],
        "STREAMSOAK_ALERT_STATE": message["state"],
        "STREAMSOAK_ALERT_TEXT": message["text"],
        "STREAMSOAK_ALERT_VALUE": f"{message['value']:g}",
        "STREAMSOAK_ALERT_THRESHOLD": f"{message['threshold']:g}",
        "STREAMSOAK_ALERT_HOST": message["host"],
    }


def timestamp(unix: float) -> str:
    """A moment in Unix seconds as ISO 8601 in UTC, with whole seconds."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
