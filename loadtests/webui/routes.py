"""The routes below /sessions of the web UI (docs/web.md): the page, its JSON, its events, its buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, redirect, request, send_file, url_for

from loadtests.model.text import palette
from loadtests.processes.child import with_key
from loadtests.webui.background_report import BackgroundReport
from loadtests.webui.guard import PAGE_POLICY, REPORT_POLICY
from loadtests.webui.live import Live
from loadtests.webui.outcome import read_outcome
from loadtests.webui.responses import JSON, Guarded, as_json, page_text
from loadtests.webui.runs import Runs
from loadtests.webui.start.cards import Cards
from loadtests.webui.start.form import StartForm
from loadtests.webui.start.routes import add_start_routes
from loadtests.webui.subcommand import Subcommands

ASSETS = {
    "chart.js": "text/javascript",
    "link.js": "text/javascript",
    "moments.js": "text/javascript",
    "outcome.js": "text/javascript",
    "page.js": "text/javascript",
    "past.js": "text/javascript",
    "place.js": "text/javascript",
    "saves.js": "text/javascript",
    "sessions.css": "text/css",
    "sessions.js": "text/javascript",
    "start.css": "text/css",
    "start.js": "text/javascript",
    "state.js": "text/javascript",
    "tables.js": "text/javascript",
    "users.js": "text/javascript",
    "cards.js": "text/javascript",
}


def blueprint(
    live: Live,
    runs: Runs,
    background_report: BackgroundReport,
    form: Callable[[], StartForm],
    cards: Mapping[str, Cards],
    guarded: Guarded,
    prefix: str,
) -> Blueprint:
    """Returns all routes; each view is `guarded` by Locust's login, if it is enabled."""
    pages = Blueprint("streamsoak", __name__, url_prefix=f"{prefix}/sessions")
    _page(pages, guarded)
    add_start_routes(pages, guarded, form, cards)
    _figures(pages, guarded, live)
    _past(pages, guarded, live, runs, background_report)
    _buttons(pages, guarded, live, runs, background_report)
    return pages


def _page(pages: Blueprint, guarded: Guarded) -> None:
    @pages.get("")
    @guarded
    def without_slash() -> Any:
        return redirect(url_for("streamsoak.page"))

    @pages.get("/")
    @guarded
    def page() -> Response:
        whole = page_text("sessions.html").replace(b"</body>", palette.hatchings().encode() + b"</body>")
        return Response(whole, headers={"Content-Security-Policy": PAGE_POLICY})

    @pages.get("/assets/<name>")
    @guarded
    def asset(name: str) -> Response:
        if name not in ASSETS:
            return Response(status=404)
        # Behind the page's own rules: hatching overrules a plain fill.
        colours = palette.live_style() if name == "sessions.css" else ""
        return Response(page_text(name) + colours.encode(), mimetype=ASSETS[name])


def _figures(pages: Blueprint, guarded: Guarded, live: Live) -> None:
    @pages.get("/api/state")
    @guarded
    def state() -> Response:
        return Response(live.encoded(), mimetype=JSON)

    @pages.get("/api/history")
    @guarded
    def history() -> Response:
        return Response(live.history(), mimetype=JSON)

    @pages.get("/api/events")
    @guarded
    def events() -> Response:
        try:
            return Response(live.listen(), mimetype="text/event-stream", headers={"Cache-Control": "no-store"})
        except OverflowError:
            return Response("Too many browsers are connected.", status=503, mimetype="text/plain")


def _past(pages: Blueprint, guarded: Guarded, live: Live, runs: Runs, background_report: BackgroundReport) -> None:
    @pages.get("/api/runs")
    @guarded
    def listed() -> Response:
        return as_json(runs.newest())

    @pages.get("/api/findings")
    @guarded
    def findings() -> Response:
        return as_json(background_report.findings(runs.folder / live.state.run) if live.state.run else [])

    @pages.get("/api/outcome")
    @guarded
    def outcome() -> Response:
        past = runs.past(request.args.get("run", ""))
        return _no_such_run() if past is None else as_json(read_outcome(runs.folder / past.run, past))

    @pages.get("/runs/<run>/<name>")
    @guarded
    def file(run: str, name: str) -> Response:
        found = runs.file(run, name)
        if found is None:
            return Response("No such file.", status=404, mimetype="text/plain")
        response = send_file(found.resolve(), max_age=0)
        if name.endswith(".html"):
            response.headers["Content-Security-Policy"] = REPORT_POLICY
        return response


def _buttons(pages: Blueprint, guarded: Guarded, live: Live, runs: Runs, background_report: BackgroundReport) -> None:
    subcommands = Subcommands()

    @pages.post("/api/analyse")
    @guarded
    def analyse() -> Response:
        return as_json({"begun": background_report.begin()})

    @pages.post("/api/sweep")
    @guarded
    def sweep() -> Response:
        run = request.form.get("run", "")
        folder = runs.directory(run)
        if folder is None:
            return _no_such_run()
        if live.run is not None and run == live.state.run:
            return Response("The run has not ended: it closes its own sessions.", status=409, mimetype="text/plain")
        return as_json(subcommands.run(["sweep", str(folder)], with_key()))

    @pages.post("/api/compare")
    @guarded
    def compare() -> Response:
        base, run = (runs.directory(request.form.get(name, "")) for name in ("base", "run"))
        if base is None or run is None:
            return _no_such_run()
        force = ["--force"] if request.form.get("force") == "true" else []
        return as_json(subcommands.run(["compare", *force, str(base), str(run)]))


def _no_such_run() -> Response:
    return Response("No such run.", status=404, mimetype="text/plain")
