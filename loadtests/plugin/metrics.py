"""The run for Prometheus, by its official client: what the processes told last, in its words. Nothing is counted here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent.pywsgi
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, make_wsgi_app
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.run.run import Run
from loadtests.run.snapshot import LATENESS_BOUNDS, ProcessSnapshot

LOOPBACK = "127.0.0.1"
_ROUTE = "/metrics"


class Metrics(Collector):
    """Of the run that goes on, or went on last; none before the first."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._server: Any = None

    def follow(self, run: Run) -> None:
        """A run has begun."""
        self._run = run

    def collect(self) -> Iterator[Metric]:
        """What a scrape is answered with."""
        if run := self._run:
            yield _info(run)
            yield from families(run.snapshots())

    def serve(self, port: int) -> None:
        """On a port of this machine. Raises InputError if it cannot be had."""
        self._server = gevent.pywsgi.WSGIServer((LOOPBACK, port), make_wsgi_app(self._registry), log=None)
        try:
            self._server.start()
        except OSError as error:
            said = f"{LOOPBACK}:{port} cannot be listened on: {error.strerror}"
            raise InputError.of("--metrics-port", said, code=EXIT_UNAVAILABLE) from None

    def route(self, web_ui: Any, base_path: str) -> None:
        """As a page of Locust's web UI, behind its login if it has one."""

        @web_ui.auth_required_if_enabled  # type: ignore[untyped-decorator]
        def metrics() -> tuple[bytes, dict[str, str]]:
            return generate_latest(self._registry), {"Content-Type": CONTENT_TYPE_LATEST}

        web_ui.app.add_url_rule(f"{base_path}{_ROUTE}", "streamsoak_metrics", metrics)

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.stop()


def families(pulses: list[ProcessSnapshot]) -> Iterator[Metric]:
    """Of all processes together."""
    live = GaugeMetricFamily("streamsoak_live_sessions", "Sessions that may hold a slot", labels=("profile", "holder"))
    for (profile, holder), number in _sessions(pulses).items():
        live.add_metric((profile, holder), number)
    hits = CounterMetricFamily("streamsoak_concurrency_hits", "Attempts refused for the limit", labels=("profile",))
    for profile, number in _hits(pulses).items():
        hits.add_metric((profile,), number)
    yield live
    yield hits
    yield GaugeMetricFamily("streamsoak_leaks_outstanding", "Leaks not reaped yet", sum(p.leaks for p in pulses))
    yield CounterMetricFamily("streamsoak_sessions_opened", "Sessions opened", sum(p.opened for p in pulses))
    yield CounterMetricFamily("streamsoak_requests", "Requests sent", sum(p.requests for p in pulses))
    yield CounterMetricFamily(
        "streamsoak_session_seconds", "Seconds of sessions, all together", sum(p.session_seconds for p in pulses)
    )
    yield _lateness(pulses)


def _info(run: Run) -> Metric:
    manifest = run.manifest
    scenario = manifest.scenario.name if manifest.scenario else ""
    told = {
        "run": manifest.run,
        "scenario": scenario,
        "host": manifest.host,
        "version": manifest.software["streamsoak"],
    }
    return InfoMetricFamily("streamsoak_run", "The run", told)


def _sessions(pulses: list[ProcessSnapshot]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for pulse in pulses:
        for profile, holders in pulse.sessions.items():
            for holder, number in holders.items():
                found[profile, holder] = found.get((profile, holder), 0) + number
    return found


def _hits(pulses: list[ProcessSnapshot]) -> dict[str, int]:
    found: dict[str, int] = {}
    for pulse in pulses:
        for profile, number in pulse.hits_by_profile.items():
            found[profile] = found.get(profile, 0) + number
    return found


def _lateness(pulses: list[ProcessSnapshot]) -> Metric:
    told = [pulse.lateness for pulse in pulses if pulse.lateness]
    counts = [sum(column) for column in zip(*told, strict=True)] or [0] * (len(LATENESS_BOUNDS) + 1)
    buckets = [*zip(map(str, LATENESS_BOUNDS), counts, strict=False), ("+Inf", counts[-1])]
    return HistogramMetricFamily(
        "streamsoak_lateness_seconds",
        "From when a request was due to its first byte",
        buckets=buckets,
        sum_value=sum(pulse.lateness_sum for pulse in pulses),
    )
