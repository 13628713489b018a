"""Puts our pages and our guard into Locust's web UI."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path
from typing import Any

from flask import Response, request

from loadtests.webui.background_report import BackgroundReport
from loadtests.webui.guard import HEADERS, own_hosts, refusal
from loadtests.webui.live import Live
from loadtests.webui.navigation import add_link
from loadtests.webui.routes import blueprint
from loadtests.webui.runs import Runs

_EVERYWHERE = frozenset({"", "*", "0.0.0.0", "::"})


def install(web_ui: Any, options: argparse.Namespace, live: Live) -> BackgroundReport:
    """Add them to `web_ui`, which is Locust's; what judges the run so far is returned."""
    app, base = web_ui.app, options.web_base_path or ""
    own = own_hosts(web_ui.host, options.web_host_display_name or "")
    if web_ui.host in _EVERYWHERE:
        own |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    @app.before_request  # type: ignore[untyped-decorator]
    def refuse_strangers() -> Response | None:
        said = refusal(request.method, dict(request.headers), own)
        return Response(said, status=403, mimetype="text/plain") if said else None

    @app.after_request  # type: ignore[untyped-decorator]
    def look_over(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return add_link(response) if request.endpoint == "locust.index" else response

    analyst = BackgroundReport(live)
    runs = Runs(Path(options.run_dir))
    app.register_blueprint(blueprint(live, runs, analyst, web_ui.auth_required_if_enabled, base))
    return analyst
