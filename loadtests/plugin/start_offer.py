"""Describes what the start page's form offers: the User classes, the host, the workers, the command line's values."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Mapping
from typing import Any

from locust.env import Environment
from locust.runners import MasterRunner

from loadtests.model.api.description.default import default_api
from loadtests.model.text.input_error import InputError
from loadtests.plugin.option_table import NO_SCENARIO
from loadtests.plugin.setup import options_of
from loadtests.plugin.users import user
from loadtests.plugin.users.user import StreamingUser, profile_of
from loadtests.scenarios.catalogue import api_files, named_api, own_scenario_files
from loadtests.webui.start.form import ApiOffer, StartForm, UserClass

_FIRST_SCENARIO = "demo"
_NUMBERS = ("limit", "run_time", "observe", "seed", "max_open", "max_session_minutes")
_BOXES = ("allow_leaks", "shared_account", "real", "rehearse_guards")


class StartOffer:
    """The offer of one Locust process. `host`: the value of --host; "": there is a sandbox."""

    def __init__(self, environment: Environment, host: str) -> None:
        self._environment = environment
        self._host = host
        self._apis = _apis(options_of(environment).api)
        self._values = _values(options_of(environment))
        scenario: str = options_of(environment).scenario
        self._is_named = bool(scenario) and scenario != NO_SCENARIO
        self._scenario = (
            scenario if self._is_named else next((file.stem for file in own_scenario_files()), _FIRST_SCENARIO)
        )

    def describe(self) -> StartForm:
        """Returns the form as it is now: workers come and go."""
        environment = self._environment
        runner = environment.runner
        # Any: Locust declares a type of users, but stores classes.
        available: Mapping[str, Any] = environment.available_user_classes or environment.user_classes_by_name
        classes = [_describe(name, found) for name, found in available.items() if issubclass(found, StreamingUser)]
        return StartForm(
            "users" if any(one.own for one in classes) and not self._is_named else "scenario",
            self._scenario,
            self._host,
            runner.worker_count if isinstance(runner, MasterRunner) else None,
            self._apis,
            self._values,
            classes,
        )


def _values(options: argparse.Namespace) -> dict[str, str | bool]:
    """Returns the values of fields as a form shows them."""
    given = {name: getattr(options, name) for name in _NUMBERS}
    numbers = {name: "" if value is None else f"{value:g}" for name, value in given.items()}
    return {"api": options.api, **numbers, **{name: bool(getattr(options, name)) for name in _BOXES}}


def _apis(own: str) -> dict[str, ApiOffer]:
    """Returns the described APIs by name, and that of --api, which may be a file; none whose description is wrong."""
    offers = {"": ApiOffer.of(default_api())}
    for name in (*(file.stem for file in api_files()), *([own] if own else [])):
        with contextlib.suppress(InputError):
            offers[name] = ApiOffer.of(named_api(name))
    return offers


def _describe(name: str, user_class: type[StreamingUser]) -> UserClass:
    profile = profile_of(user_class)
    per_minute = profile.arrivals.rate * 60 if profile.arrivals.model == "open" else None
    about = profile.about or (user_class.__doc__ or "").partition("\n")[0]
    is_own = user_class.__module__ != user.__name__
    return UserClass(name, profile.name, about, per_minute, profile.leaving.leaks, is_own, float(user_class.weight))
