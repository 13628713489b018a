"""A locustfile whose web UI asks for a login, as Locust's documentation shows."""

from __future__ import annotations

from typing import Any

from flask import redirect
from flask_login import UserMixin, login_user
from locust import events

from loadtests.plugin.install import install

globals().update(install())


class _Guest(UserMixin):
    def get_id(self) -> str:
        return "guest"


@events.init.add_listener
def ask_for_login(environment: Any, **_: object) -> None:
    """Whoever asks to be let in is."""
    if environment.web_ui is None:
        return
    environment.web_ui.app.config["SECRET_KEY"] = "of this test"
    environment.web_ui.login_manager.user_loader(lambda _: _Guest())

    @environment.web_ui.app.route("/let-me-in")
    def let_in() -> Any:
        login_user(_Guest())
        return redirect("/")
