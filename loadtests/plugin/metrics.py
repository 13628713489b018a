"""Exports the latest snapshots of a run to Prometheus, with its official client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from loadtests.processes.metrics_server import MetricsServer
from loadtests.run.run import Run
from loadtests.run.snapshot import LATENESS_BOUNDS, ProcessSnapshot

_ROUTE = "/metrics"


class Metrics(Collector):
    """Metrics of the current or the last run; none before the first."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._server: MetricsServer | None = None

    def follow(self, run: Run) -> None:
        """Exports `run` from now on."""
        self._run = run

    def collect(self) -> Iterator[Metric]:
        """Yields the metrics for a scrape."""
        if run := self._run:
            yield _info(run)
            yield from families(run.snapshots())

    def serve(self, port: int) -> None:
        """Serves the metrics on a port of this machine. Raises InputError if the port is not available."""
        self._server = MetricsServer(self._registry, port)

    def route(self, web_ui: Any, base_path: str) -> None:
        """Serves the metrics at /metrics of Locust's web UI, behind its login if it has one."""

        @web_ui.auth_required_if_enabled  # type: ignore[untyped-decorator]
        def metrics() -> tuple[bytes, dict[str, str]]:
            return generate_latest(self._registry), {"Content-Type": CONTENT_TYPE_LATEST}

        web_ui.app.add_url_rule(f"{base_path}{_ROUTE}", "streamsoak_metrics", metrics)

    def close(self) -> None:
        """Stops listening."""
        if self._server:
            self._server.close()


def families(snapshots: list[ProcessSnapshot]) -> Iterator[Metric]:
    """Yields the metrics of all processes together."""
    live = GaugeMetricFamily("streamsoak_live_sessions", "Sessions that may hold a slot", labels=("profile", "holder"))
    for (profile, holder), number in _sessions(snapshots).items():
        live.add_metric((profile, holder), number)
    hits = CounterMetricFamily(
        "streamsoak_concurrency_hits", "Attempts refused for the concurrency limit", labels=("profile",)
    )
    for profile, number in _hits(snapshots).items():
        hits.add_metric((profile,), number)
    yield live
    yield hits
    yield GaugeMetricFamily("streamsoak_leaks_outstanding", "Leaks not reaped yet", sum(s.leaks for s in snapshots))
    yield CounterMetricFamily("streamsoak_sessions_opened", "Sessions opened", sum(s.opened for s in snapshots))
    yield CounterMetricFamily("streamsoak_requests", "Requests sent", sum(s.requests for s in snapshots))
    yield CounterMetricFamily(
        "streamsoak_session_seconds",
        "Total time of all sessions, in seconds",
        sum(s.session_seconds for s in snapshots),
    )
    yield _lateness(snapshots)


def _info(run: Run) -> Metric:
    manifest = run.manifest
    scenario = manifest.scenario.name if manifest.scenario else ""
    values = {
        "run": manifest.run,
        "scenario": scenario,
        "host": manifest.host,
        "version": manifest.software["streamsoak"],
    }
    return InfoMetricFamily("streamsoak_run", "The run", values)


def _sessions(snapshots: list[ProcessSnapshot]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for snapshot in snapshots:
        for profile, holders in snapshot.sessions.items():
            for holder, number in holders.items():
                found[profile, holder] = found.get((profile, holder), 0) + number
    return found


def _hits(snapshots: list[ProcessSnapshot]) -> dict[str, int]:
    # A counter that appears with its first hit has no rate then: each profile begins with 0.
    found = {profile: 0 for snapshot in snapshots for profile in snapshot.sessions}
    for snapshot in snapshots:
        for profile, number in snapshot.hits_by_profile.items():
            found[profile] = found.get(profile, 0) + number
    return found


def _lateness(snapshots: list[ProcessSnapshot]) -> Metric:
    lateness = [snapshot.lateness for snapshot in snapshots if snapshot.lateness]
    counts = [sum(column) for column in zip(*lateness, strict=True)] or [0] * (len(LATENESS_BOUNDS) + 1)
    buckets = [*zip(map(str, LATENESS_BOUNDS), counts, strict=False), ("+Inf", counts[-1])]
    return HistogramMetricFamily(
        "streamsoak_lateness_seconds",
        "Delay of requests after their intended time, in seconds",
        buckets=buckets,
        sum_value=sum(snapshot.lateness_sum for snapshot in snapshots),
    )
