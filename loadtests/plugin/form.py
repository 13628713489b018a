"""Reads the start form of the web UI before Locust starts a run."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Response, jsonify, request
from locust.env import Environment
from locust.runners import STATE_INIT, STATE_STOPPED, MasterRunner
from locust.util.timespan import parse_timespan

from loadtests.model.text.input_error import InputError, Mistake
from loadtests.model.text.units import read_duration
from loadtests.plugin.field_mistakes import FieldMistake, field_mistakes
from loadtests.plugin.option_table import NO_SCENARIO, STAGES, USERS
from loadtests.plugin.users.role import Role, StartRequest

_NUMBERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "limit": (int, "a whole number"),
    "observe": (read_duration, "a duration, for example 90 or 2m"),
    "max_open": (int, "a whole number"),
    "max_session_minutes": (float, "a number of minutes"),
    "seed": (int, "a whole number"),
}
_USERS: Mapping[str, tuple[type, str]] = {
    "user_count": (int, "a whole number of users"),
    "spawn_rate": (float, "a number of users a second"),
}
"""Fields that Locust reads itself."""
_FLAGS = ("allow_leaks", "shared_account", "rehearse_guards", "real")
_IDLE = (STATE_INIT, STATE_STOPPED)


def make_typed(options: argparse.Namespace) -> None:
    """Converts options that Locust took from the form as text. Raises InputError."""
    values = {name: value for name in _NUMBERS if isinstance(value := getattr(options, name, None), str)}
    vars(options).update(_numbers(values))


def read_form(form: Any) -> StartRequest:
    """Reads the form (werkzeug's MultiDict). Raises InputError with every mistake."""
    values: dict[str, Any] = _numbers({name: form[name] for name in _NUMBERS if name in form})
    values |= {name: form[name] == "true" for name in _FLAGS if name in form}
    values |= {"sandbox": form.get("sandbox") == "true"}
    values |= {name: form[name] for name in ("scenario", "load", "api") if name in form}
    if values.get("load", STAGES) not in (STAGES, USERS):
        raise InputError.of("--load", f"must be {STAGES} or {USERS} (is {values['load']!r})")
    if values.get("scenario") == NO_SCENARIO:
        values["scenario"] = ""
    if "run_time" in form:
        values["run_time"] = _seconds(form["run_time"])
    _check_users(form)
    return StartRequest(values, tuple(form.getlist("user_classes")), form.get("host", ""))


def listen_to_form(web_ui: Any, environment: Environment, role: Role) -> None:
    """Passes each submitted form to `role` before Locust starts the run."""
    allowed = web_ui.auth_required_if_enabled(lambda: None)

    @web_ui.app.before_request  # type: ignore[untyped-decorator]
    def handle_form() -> Response | None:
        if request.endpoint != "locust.swarm" or request.method != "POST":
            return None
        # The view itself, which would check the login, is not reached yet.
        return allowed() or _start(environment, role)


def _start(environment: Environment, role: Role) -> Response | None:
    """Returns the answer to the form; None: Locust starts its users."""
    runner = environment.runner
    assert runner is not None
    if role.run and role.run.process.ending:
        return _answer(environment, "The last run is still closing its sessions. Wait until it has ended.")
    if isinstance(runner, MasterRunner) and not runner.worker_count:
        return _answer(environment, "No worker is connected. Start one: locust --worker")
    if runner.state not in _IDLE:
        if environment.shape_class is not None:
            return _answer(environment, "A scenario is running. Stop it, or wait until it has ended.")
        return None
    try:
        by_stages = role.prepare(read_form(request.form))
    except InputError as error:
        return _answer(environment, str(error), mistakes=field_mistakes(error))
    if not by_stages:
        return None
    runner.start_shape()
    return _answer(environment, "The scenario is running.", success=True)


def _answer(
    environment: Environment, message: str, *, success: bool = False, mistakes: Sequence[FieldMistake] = ()
) -> Response:
    content = {"success": success, "message": message, "host": environment.host}
    answer: Response = jsonify({**content, "mistakes": [mistake._asdict() for mistake in mistakes]})
    return answer


def _check_users(form: Any) -> None:
    """Raises InputError for numbers that Locust would refuse in other words."""
    given = {name: form[name] for name in _USERS if name in form}
    values = _numbers(given, _USERS)
    mistakes = [
        Mistake(f"--{name.replace('_', '-')}", "", f"must be more than 0 (is {given[name]!r})")
        for name, value in values.items()
        if value is None or not 0 < value < math.inf
    ]
    if mistakes:
        raise InputError(mistakes)


def _numbers(
    texts: Mapping[str, str], kinds: Mapping[str, tuple[Callable[[str], Any], str]] = _NUMBERS
) -> dict[str, Any]:
    values, mistakes = {}, []
    for name, text in texts.items():
        kind, expected = kinds[name]
        try:
            values[name] = _number(kind, text.strip())
        except ValueError:
            mistakes.append(Mistake(f"--{name.replace('_', '-')}", "", f"must be {expected} (is {text!r})"))
    if mistakes:
        raise InputError(mistakes)
    return values


def _number(kind: Callable[[str], Any], text: str) -> Any:
    return kind(text) if text else None


def _seconds(text: str) -> float | None:
    try:
        return float(parse_timespan(text)) if text else None
    except ValueError:
        raise InputError.of("--run-time", f"must be a duration such as 20s, 3m or 1h20m (is {text!r})") from None
