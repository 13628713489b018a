"""Serves Prometheus metrics on a port of this machine."""

from __future__ import annotations

import gevent.pywsgi
from prometheus_client import CollectorRegistry, make_wsgi_app

from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError

LOOPBACK = "127.0.0.1"


class MetricsServer:
    """Serves `registry` until closed. Raises InputError if the port is not available."""

    def __init__(self, registry: CollectorRegistry, port: int) -> None:
        self._server = gevent.pywsgi.WSGIServer((LOOPBACK, port), make_wsgi_app(registry), log=None)
        try:
            self._server.start()
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "no such port"
            raise InputError.of(
                "--metrics-port", f"cannot listen on {LOOPBACK}:{port}: {why}", code=EXIT_UNAVAILABLE
            ) from None

    def close(self) -> None:
        """Stops listening."""
        self._server.stop()
