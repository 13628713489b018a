"""The routes below /sessions of the web UI (docs/web.md): the page, its JSON, its events, its buttons."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import msgspec
from flask import Blueprint, Response, redirect, request, send_file, url_for

from loadtests.webui.background_report import BackgroundReport
from loadtests.webui.guard import PAGE_POLICY, REPORT_POLICY
from loadtests.webui.live import Live
from loadtests.webui.runs import Runs
from loadtests.webui.sweeper import Sweeper

_PAGES = files(__package__) / "pages"
_ASSETS = {
    "sessions.js": "text/javascript",
    "chart.js": "text/javascript",
    "sessions.css": "text/css",
    "link.js": "text/javascript",
}
_JSON = "application/json"

Guarded = Callable[[Callable[..., Any]], Callable[..., Any]]


def blueprint(live: Live, runs: Runs, background_report: BackgroundReport, guarded: Guarded, prefix: str) -> Blueprint:
    """Returns all routes; each view is `guarded` by Locust's login, if it is enabled."""
    pages = Blueprint("streamsoak", __name__, url_prefix=f"{prefix}/sessions")
    _page(pages, guarded)
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
        return Response(_text("sessions.html"), headers={"Content-Security-Policy": PAGE_POLICY})

    @pages.get("/assets/<name>")
    @guarded
    def asset(name: str) -> Response:
        if name not in _ASSETS:
            return Response(status=404)
        return Response(_text(name), mimetype=_ASSETS[name])


def _figures(pages: Blueprint, guarded: Guarded, live: Live) -> None:
    @pages.get("/api/state")
    @guarded
    def state() -> Response:
        return Response(live.encoded(), mimetype=_JSON)

    @pages.get("/api/history")
    @guarded
    def history() -> Response:
        return Response(live.history(), mimetype=_JSON)

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
        return _json(runs.newest())

    @pages.get("/api/findings")
    @guarded
    def findings() -> Response:
        return _json(background_report.findings(runs.folder / live.state.run) if live.state.run else [])

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
    sweeper = Sweeper()

    @pages.post("/api/analyse")
    @guarded
    def analyse() -> Response:
        return _json({"begun": background_report.begin()})

    @pages.post("/api/sweep")
    @guarded
    def sweep() -> Response:
        run = request.form.get("run", "")
        folder = runs.directory(run)
        if folder is None:
            return Response("No such run.", status=404, mimetype="text/plain")
        if live.run is not None and run == live.state.run:
            return Response("The run has not ended: it closes its own sessions.", status=409, mimetype="text/plain")
        return _json(sweeper.sweep(folder))


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), mimetype=_JSON)


def _text(name: str) -> bytes:
    return (_PAGES / name).read_bytes()
