"""Exports the figures of a watch to Prometheus, under the names that a run has where they mean the same."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from loadtests.model.session.session import Holder
from loadtests.monitoring.account_state import AccountFigures
from loadtests.monitoring.alerts import Alerts


class AccountMetrics(Collector):
    """Metrics of the latest figures; none before the first."""

    def __init__(self, host: str, alerts: Alerts) -> None:
        self._host = host
        self._alerts = alerts
        self._figures: AccountFigures | None = None

    def show(self, figures: AccountFigures) -> None:
        """Exports these figures from now on."""
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yields the metrics for a scrape."""
        if figures := self._figures:
            yield InfoMetricFamily("streamsoak_account", "The account", {"host": self._host})
            yield from _gauges(figures)
            yield from _counters(figures)
            yield self._active_alerts()

    def _active_alerts(self) -> Metric:
        family = GaugeMetricFamily("streamsoak_alert", "1 while the alert is raised", labels=("alert",))
        for name in self._alerts.thresholds:
            family.add_metric((name.value,), float(name in self._alerts.active))
        return family


def _gauges(figures: AccountFigures) -> Iterator[Metric]:
    """A figure that is not known has no value, not 0."""
    if figures.open is not None:
        live = GaugeMetricFamily(
            "streamsoak_live_sessions", "Sessions that may hold a slot", labels=("profile", "holder")
        )
        live.add_metric(("", Holder.OTHERS.value), figures.open)
        yield live
    for name, about, value in (
        ("concurrency_limit", "The account's concurrency limit", figures.limit),
        ("oldest_session_seconds", "Age of the oldest open session", figures.oldest),
        ("median_session_age_seconds", "Median age of the open sessions", figures.median_age),
        ("sessions_longer_than_idle", "Sessions open for longer than their idle timeout", figures.longer_than_idle),
        ("sessions_longer_than_cap", "Sessions open for longer than the duration cap", figures.longer_than_cap),
        ("list_unread_seconds", "Time since the list could be read last", figures.unread_for),
    ):
        if value is not None:
            yield GaugeMetricFamily(f"streamsoak_{name}", about, value)


def _counters(figures: AccountFigures) -> Iterator[Metric]:
    for name, about, value in (
        ("sessions_opened", "Sessions opened", figures.opened),
        ("sessions_closed", "Sessions that two lists in a row lack", figures.closed),
        ("sessions_returned", "Sessions listed again after two lists without them", figures.returned),
        ("requests", "Requests sent", figures.requests),
        ("list_failures", "Looks that got no usable list", figures.failed_looks),
    ):
        yield CounterMetricFamily(f"streamsoak_{name}", about, value)
