"""The start page's routes: what its form offers, the scenarios and their forecasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request

from loadtests.webui.guard import PAGE_POLICY
from loadtests.webui.navigation import is_start_page
from loadtests.webui.responses import JSON, Guarded, as_json, page_text
from loadtests.webui.start.cards import Cards
from loadtests.webui.start.form import StartForm


def show_first(app: Any, guarded: Guarded) -> None:
    """Answers the address of Locust's own page with our start page. With a query, as in /?locust, it stays Locust's."""

    @guarded
    def start() -> Response:
        return Response(page_text("start.html"), headers={"Content-Security-Policy": PAGE_POLICY})

    @app.before_request  # type: ignore[untyped-decorator]
    def show_start_page() -> Any:
        return start() if is_start_page(request) else None


def add_start_routes(
    pages: Blueprint, guarded: Guarded, form: Callable[[], StartForm], cards: Mapping[str, Cards]
) -> None:
    """Adds the JSON of the start page to our routes. `form`: describes the form as it is now; `cards`: by API."""

    @pages.get("/api/form")
    @guarded
    def offered() -> Response:
        return as_json(form())

    @pages.get("/api/scenarios")
    @guarded
    def scenarios() -> Response:
        found = cards.get(request.args.get("api", ""))
        return _no_such_api() if found is None else as_json(found.all())

    # POST: it starts a process, so pages of other sites must not be able to ask for it.
    @pages.post("/api/forecast")
    @guarded
    def forecast() -> Response:
        of_api = cards.get(request.form.get("api", ""))
        if of_api is None:
            return _no_such_api()
        found = of_api.forecast(request.form.get("scenario", ""), request.form.get("limit", type=int))
        if isinstance(found, str):
            return Response(found, status=404, mimetype="text/plain")
        return Response(found, mimetype=JSON)


def _no_such_api() -> Response:
    return Response("No such API.", status=404, mimetype="text/plain")
