"""Turns options and scenario into the settings of a run: checked when Locust starts, and built again for each run."""

from __future__ import annotations

import argparse
import logging
import math
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gevent
from locust import User
from locust.env import Environment
from locust.runners import Runner

from loadtests.defects.account import check_fit
from loadtests.defects.catalogue import parse_defects
from loadtests.http.key import api_key
from loadtests.http.origin import Origin
from loadtests.http.route import route_to
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.rules import Terms
from loadtests.model.people.profile import IDLE_RANGE, Profile
from loadtests.model.run.adaptation import adapted
from loadtests.model.run.arrivals import few_arrivals
from loadtests.model.run.end_reason import STOPPED, TIME_OVER
from loadtests.model.run.idle_range import not_accepted
from loadtests.model.run.plan import LoadPlan, other_length
from loadtests.model.run.scenario import api_of
from loadtests.model.text.input_error import InputError
from loadtests.model.text.units import parse_size
from loadtests.plugin.account import guard_of, is_real, require_consent, require_empty, require_no_others
from loadtests.plugin.form import make_typed
from loadtests.plugin.metrics import Metrics
from loadtests.plugin.option_table import STAGES, USERS
from loadtests.plugin.options import People
from loadtests.plugin.preflight import check_api
from loadtests.plugin.users.role import StartRequest
from loadtests.plugin.users.shape import ScenarioShape, dispatcher_for
from loadtests.plugin.users.user import StreamingUser, class_name, profile_of, user_classes
from loadtests.recording.disk import DiskNeed
from loadtests.recording.unswept import warn_of_unswept
from loadtests.run.run import RunSettings
from loadtests.sandbox.process import SandboxProcess
from loadtests.scenarios.catalogue import named_api, named_scenario
from loadtests.simulation.forecast import forecast

logger = logging.getLogger(__name__)


class Setup:
    """The setup of the process that leads a run: the only one, or the master. Raises InputError with the user's mistakes."""

    def __init__(self, people: People, environment: Environment, runner: Runner) -> None:
        self._environment = environment
        self._runner = runner
        self._dispatcher = environment.dispatcher_class
        self._scenario = people.scenario
        options = self.options
        self._users, self._spawn_rate = options.num_users, options.spawn_rate
        if options.user_classes:
            # The class picker offers the classes named on the command line only.
            named: Any = environment.user_classes_by_name
            environment.available_user_classes = named
        if options.defect and environment.host:
            raise InputError.of("--defect", f"applies to the sandbox and has no effect on --host {environment.host}")
        if environment.host and options.sandbox:
            raise InputError.of("--sandbox", f"cannot be used with --host {environment.host}")
        if not environment.host and options.headless and not options.sandbox:
            raise InputError.of("--host", "is required: the API's address, or --sandbox to run against the sandbox")
        self._named_api = self._api_of_options()
        api_key(self._api)
        self._profiles = self._profiles_of(environment.user_classes)
        self._plan = self._planned()
        self._warn_of_few_arrivals()
        self.shape = self._set_shape()
        if self.shape:
            # Locust installs its own handler only after a headless shape has ended; until then SIGTERM would kill the process.
            gevent.signal_handler(signal.SIGTERM, runner.quit)
        self._sandbox_arguments = self._sandbox_options()
        self._sandbox = None if environment.host else SandboxProcess(self._sandbox_arguments)
        if self._sandbox:
            environment.host = self._sandbox.url
            logger.info("Sandbox at %s", self._sandbox.url)
        self._given_host = self._host = environment.host
        self.metrics = Metrics()
        try:
            self._check_account(self.settings())
            self._publish()
        except InputError:
            self.close()
            raise
        warn_of_unswept(Path(options.run_dir))

    @property
    def options(self) -> argparse.Namespace:
        """The options, as set on the command line or in the form."""
        return options_of(self._environment)

    def settings(self) -> RunSettings:
        """Returns the settings of a run that begins now."""
        # A form with an empty host clears it.
        self._environment.host = self._environment.host or self._host
        options, scenario = self.options, self._scenario
        return RunSettings(
            runs=Path(options.run_dir),
            host=self._environment.host or "",
            sandbox=self._is_sandboxed,
            defects=tuple(map(str, parse_defects(options.defect))) if self._is_sandboxed else (),
            key=api_key(self._api),
            api=self._named_api,
            profiles=self._profiles,
            plan=self._plan,
            unstaged=None if self._plan else scenario,
            limit=self._limit(),
            seed=self._seed(),
            observe=self._observe(),
            poll=(scenario.poll if scenario else 1.0) if self._api.list else 0.0,
            tolerance=scenario.tolerance if scenario else 1.0,
            guard=guard_of(options),
            duration=self._duration(),
            max_disk=self._max_disk(),
        )

    def admitted(self) -> RunSettings:
        """Returns the settings of a run that may begin; checks a real account before each run. Raises InputError."""
        make_typed(self.options)
        settings = self.settings()
        self._check_account(settings)
        return settings

    def choose(self, request: StartRequest) -> bool:
        """Applies the start form; returns whether a scenario's stages make the load. On InputError nothing has changed."""
        environment = self._environment
        host = self._sandbox_url() if request.values.get("sandbox") else request.host or self._given_host
        before = [(attributes, dict(attributes)) for attributes in (vars(self.options), vars(self), vars(environment))]
        try:
            vars(self.options).update(request.values)
            environment.host = self._host = host
            self._choose(request)
            self._check_account(self.settings())
        except InputError:
            for attributes, values in before:
                attributes.update(values)
            raise
        self._renew_sandbox()
        return self.shape is not None

    def _choose(self, request: StartRequest) -> None:
        self._named_api = self._api_of_options()
        if "scenario" in request.values:
            name = request.values["scenario"]
            self._scenario = named_scenario(name, api=self.options.api) if name else None
        available = self._offer_classes()
        names = request.classes or tuple(available)
        if self._scenario and self.options.load == STAGES:
            names = tuple(map(class_name, self._scenario.profiles))
        self._environment.user_classes = [available[name] for name in names if name in available]
        self._profiles = self._profiles_of(self._environment.user_classes)
        self._plan = self._planned()
        self.shape = self._set_shape()

    def _offer_classes(self) -> Any:
        """Returns all User classes, and adds those that only the scenario has."""
        environment = self._environment
        # Any: Locust declares a type of users, but stores classes.
        available: Any = environment.available_user_classes or environment.user_classes_by_name
        for name, user_class in user_classes(dict(self._scenario.profiles) if self._scenario else {}).items():
            if name not in available:
                available[name] = user_class
                (environment.available_user_tasks or {})[name] = user_class.tasks
        return available

    def _profiles_of(self, classes: Iterable[type[User]]) -> dict[str, Profile]:
        """Returns the profiles of `classes` by name; a scenario's own version takes precedence."""
        own = self._scenario.profiles if self._scenario else {}
        found = [profile_of(user_class) for user_class in classes if issubclass(user_class, StreamingUser)]
        known = {profile.name: own.get(profile.name, profile) for profile in found}
        return {**adapted(known, self._api), **{name: profile for name, profile in own.items() if name in known}}

    def _api_of_options(self) -> ApiDescription | None:
        name: str = self.options.api
        return named_api(name) if name else None

    @property
    def _api(self) -> ApiDescription:
        """The API under test."""
        return api_of(self._named_api, self._scenario)

    def _sandbox_url(self) -> str:
        """Returns the sandbox's address; starts one if Locust was started with a host."""
        if self._sandbox is None:
            self._sandbox = SandboxProcess(self._sandbox_arguments)
        return self._sandbox.url

    def _renew_sandbox(self) -> None:
        """Restarts the sandbox if its options have changed: they are fixed at its start."""
        arguments = self._sandbox_options()
        if self._sandbox is None or arguments == self._sandbox_arguments:
            return
        port = Origin.parse(self._sandbox.url).port
        self._sandbox.close()
        self._sandbox, self._sandbox_arguments = SandboxProcess([*arguments, "--port", str(port)]), arguments

    @property
    def _is_sandboxed(self) -> bool:
        return self._sandbox is not None and self._environment.host == self._sandbox.url

    def close(self) -> None:
        """Ends the sandbox, if there is one."""
        self.metrics.close()
        if self._sandbox:
            self._sandbox.close()
            self._sandbox = None

    def _publish(self) -> None:
        port: int | None = self.options.metrics_port
        if port is not None and not 1 <= port <= 65535:
            raise InputError.of("--metrics-port", f"must be a port from 1 to 65535 (is {port})")
        if port is not None:
            self.metrics.serve(port)
        if self._environment.web_ui:
            self.metrics.route(self._environment.web_ui, self.options.web_base_path or "")

    def _check_account(self, settings: RunSettings) -> None:
        route = route_to(settings.host, is_sandbox=settings.sandbox)
        is_guarded = is_real(route, self.options)
        if is_guarded:
            require_consent(route, self.options, self._profiles.values(), has_plan=self._plan is not None)
        if not settings.sandbox:
            check_api(settings, route)
            if self._scenario and (refused := not_accepted(self._scenario)):
                logger.warning("Scenario %s: %s", self._scenario.name, refused)
        if is_guarded:
            require_empty(route, settings.description, settings.key, self.options)
        elif not settings.sandbox:
            require_no_others(route, settings.description, settings.key, self.options)

    def _planned(self) -> LoadPlan | None:
        scenario, users = self._scenario, self._users
        if scenario is None or self.options.load == USERS:
            return None
        missing = [class_name(name) for name in scenario.profiles if name not in self._profiles]
        if missing:
            message = f"needs the User classes {', '.join(missing)}: call globals().update(install()) in the locustfile"
            raise InputError.of("--scenario", message)
        return LoadPlan.for_users(scenario, users) if users else LoadPlan(scenario)

    def _warn_of_few_arrivals(self) -> None:
        options = self.options
        if self._plan is None and options.headless and options.run_time:
            # A class of Locust's own sends requests whatever arrives.
            classes = [one for one in self._environment.user_classes if issubclass(one, StreamingUser)]
            weights = [(profile_of(one), float(one.weight)) for one in classes]
            is_ours = len(classes) == len(self._environment.user_classes)
            if is_ours and (few := few_arrivals(weights, 1 if self._users is None else self._users, options.run_time)):
                logger.warning("%s", few)

    def _set_shape(self) -> ScenarioShape | None:
        environment = self._environment
        if self._plan is None:
            environment.shape_class, environment.dispatcher_class = None, self._dispatcher
            return None
        run_time = self.options.run_time
        shape = ScenarioShape(self._plan, self._spawn_rate, run_time)
        shape.runner = self._runner
        environment.shape_class, environment.dispatcher_class = shape, dispatcher_for(shape)
        # In a thread: a master that computes for seconds misses heartbeats and takes its workers for lost.
        seconds = run_time or self._plan.scenario.duration
        expected = gevent.get_hub().threadpool.apply(forecast, (self._plan, self._limit(), seconds))
        logger.info("%s", expected.line(self._limit()))
        logger.info("%s", self._plan.line())
        if seconds != self._plan.scenario.duration:
            logger.info("--run-time: %s", other_length(self._plan.scenario, seconds))
        DiskNeed.of(expected.events, expected.arrivals).require_room(Path(self.options.run_dir), self._max_disk())
        return shape

    def _sandbox_options(self) -> list[str]:
        scenario = self._scenario
        arguments: list[str] = []
        if limit := self._limit():
            arguments += ["--limit", str(limit)]
        if self._api != default_api():
            arguments += ["--api", self._api.model_dump_json()]
        if scenario and scenario.idle_range != IDLE_RANGE:
            arguments += ["--idle-range", "{:g}:{:g}".format(*scenario.idle_range)]
        if scenario and scenario.session_cap != self._api.session_cap:
            arguments += ["--session-cap", f"{scenario.session_cap:g}" if scenario.session_cap else "none"]
        if self.options.sandbox_log:
            arguments += ["--log", self.options.sandbox_log]
        defects = parse_defects(self.options.defect)
        check_fit(Terms(self._limit()), defects)
        arguments += [f"--defect={defect}" for defect in defects]
        return [*arguments, "--seed", str(self._seed())]

    def _limit(self) -> int | None:
        limit: int | None = self.options.limit
        if limit is None:
            limit = self._scenario.limit if self._scenario else None
        if limit is not None and limit < 1:
            raise InputError.of("--limit", f"must be 1 or more (is {limit})")
        return limit

    def _duration(self) -> float | None:
        run_time: float | None = self.options.run_time
        return run_time or (self._plan.scenario.duration if self._plan else None)

    def _max_disk(self) -> int | None:
        if not self.options.max_disk:
            return None
        try:
            return parse_size(self.options.max_disk)
        except ValueError as error:
            raise InputError.of("--max-disk", f"{error} (is {self.options.max_disk!r})") from None

    def _observe(self) -> float:
        if self.options.observe is None:
            return self._scenario.observe if self._scenario else 60.0
        seconds = float(self.options.observe)
        if not 0 <= seconds < math.inf:
            raise InputError.of("--observe", f"must be 0 seconds or more (is {seconds:g})")
        return seconds

    def _seed(self) -> int:
        seed = self.options.seed
        if seed is None:
            return self._scenario.seed if self._scenario else 1
        if seed < 0:
            raise InputError.of("--seed", f"must be 0 or more (is {seed})")
        return int(seed)


def options_of(environment: Environment) -> argparse.Namespace:
    """Returns Locust's options, including ours."""
    options: argparse.Namespace | None = environment.parsed_options
    assert options is not None, "Locust parses its options before it fires init"
    return options


def reason_of_end(shape: ScenarioShape | None, early_end: str) -> str:
    """Returns why a run ended, for its manifest; `early_end`: the run's own reason to end early, or ""."""
    return early_end or (TIME_OVER if shape and shape.is_over else STOPPED)
