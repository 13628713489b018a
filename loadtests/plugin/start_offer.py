"""Describes what the start page's form offers: the User classes, the host, the workers, the command line's values."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from locust.env import Environment
from locust.runners import MasterRunner

from loadtests.model.api.description.default import default_api
from loadtests.plugin.option_table import NO_SCENARIO
from loadtests.plugin.setup import options_of
from loadtests.plugin.users.user import StreamingUser, profile_of
from loadtests.scenarios.catalogue import named_api
from loadtests.webui.start.form import ApiOffer, StartForm, UserClass

_FIRST_SCENARIO = "demo"
_TEXTS = ("limit", "run_time", "observe", "seed", "max_open", "max_session_minutes")
_BOXES = ("allow_leaks", "shared_account", "real", "rehearse_guards")


class StartOffer:
    """The offer of one Locust process. `host`: the value of --host; "": there is a sandbox."""

    def __init__(self, environment: Environment, host: str) -> None:
        self._environment = environment
        self._host = host
        api: str = options_of(environment).api
        self._api = ApiOffer.of(named_api(api) if api else default_api())
        self._values = _values(options_of(environment))
        scenario: str = options_of(environment).scenario
        self._scenario = scenario if scenario and scenario != NO_SCENARIO else _FIRST_SCENARIO

    def describe(self) -> StartForm:
        """Returns the form as it is now: workers come and go."""
        environment = self._environment
        runner = environment.runner
        # Any: Locust declares a type of users, but stores classes.
        classes: Mapping[str, Any] = environment.available_user_classes or environment.user_classes_by_name
        return StartForm(
            self._scenario,
            self._host,
            runner.worker_count if isinstance(runner, MasterRunner) else None,
            self._api,
            self._values,
            [_describe(name, found) for name, found in classes.items() if issubclass(found, StreamingUser)],
        )


def _values(options: argparse.Namespace) -> dict[str, str | bool]:
    """Returns the values of fields as a form shows them."""
    given = {name: getattr(options, name) for name in _TEXTS}
    numbers = {name: "" if value is None else f"{value:g}" for name, value in given.items()}
    return {**numbers, **{name: bool(getattr(options, name)) for name in _BOXES}}


def _describe(name: str, user_class: type[StreamingUser]) -> UserClass:
    profile = profile_of(user_class)
    per_minute = profile.arrivals.rate * 60 if profile.arrivals.model == "open" else None
    return UserClass(name, profile.name, profile.about, per_minute, profile.leaving.leaks, float(user_class.weight))
