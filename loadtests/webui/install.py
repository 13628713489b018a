"""Adds our pages and request checks to Locust's web UI."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Response, request

from loadtests.webui.background_report import BackgroundReport
from loadtests.webui.guard import HEADERS, own_hosts, refusal
from loadtests.webui.live import Live
from loadtests.webui.navigation import add_links, is_locusts_page
from loadtests.webui.routes import blueprint
from loadtests.webui.runs import Runs
from loadtests.webui.start.cards import Cards
from loadtests.webui.start.form import StartForm
from loadtests.webui.start.routes import show_first

_EVERYWHERE = frozenset({"", "*", "0.0.0.0", "::"})


def install(web_ui: Any, options: argparse.Namespace, live: Live, form: Callable[[], StartForm]) -> BackgroundReport:
    """Adds them to Locust's `web_ui`; returns the analysis in the background. `form`: describes the start form."""
    app, base = web_ui.app, options.web_base_path or ""
    own = own_hosts(web_ui.host, options.web_host_display_name or "")
    if web_ui.host in _EVERYWHERE:
        own |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    @app.before_request  # type: ignore[untyped-decorator]
    def refuse_other_sites() -> Response | None:
        reason = refusal(request.method, dict(request.headers), own)
        return Response(reason, status=403, mimetype="text/plain") if reason else None

    @app.after_request  # type: ignore[untyped-decorator]
    def complete(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return add_links(response) if is_locusts_page(request) else response

    background_report = BackgroundReport(live)
    runs = Runs(Path(options.run_dir))
    guarded = web_ui.auth_required_if_enabled
    cards = {api: Cards(options.scenario, api) for api in form().apis}
    show_first(app, guarded)
    app.register_blueprint(blueprint(live, runs, background_report, form, cards, guarded, base))
    return background_report
