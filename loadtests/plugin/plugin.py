"""When a run begins and ends: Locust's events, wired to what this process is to the run."""

from __future__ import annotations

import logging
import signal
import sys
from typing import Any

import gevent
from gevent.lock import RLock
from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner

from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.plugin.form import listen_to_form
from loadtests.plugin.local import LocalRole, stop_run
from loadtests.plugin.master import MasterRole
from loadtests.plugin.options import People
from loadtests.plugin.role import Role
from loadtests.plugin.setup import Setup, options_of
from loadtests.plugin.worker import WorkerRole
from loadtests.webui.background_report import BackgroundReport
from loadtests.webui.install import install as install_pages
from loadtests.webui.live import Live

logger = logging.getLogger(__name__)


class Plugin:
    """One for each Locust process."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._role: Role | None = None
        self._live = Live()
        self._analyst: BackgroundReport | None = None
        self._turn = RLock()
        """Of whoever begins or ends a run."""

    def listen(self) -> None:
        """Register with Locust."""
        events.init.add_listener(self._init)
        events.test_start.add_listener(self._begin)
        events.quit.add_listener(self._quit)

    def _init(self, environment: Environment, runner: Runner, web_ui: Any = None, **_: Any) -> None:
        def interrupt() -> None:
            runner.quit()
            if web_ui:
                web_ui.stop()

        # Python would raise KeyboardInterrupt in whatever greenlet happens to run: in the middle of a request, say.
        gevent.signal_handler(signal.SIGINT, interrupt)
        # After Locust's own listeners, which are called in reverse at the end: a worker drains before it says good-bye.
        events.test_stopping.add_listener(self._end)
        events.quitting.add_listener(self._end)
        try:
            self._role = self._part(environment, runner)
        except InputError as error:
            print(error, file=sys.stderr)
            self._quit()
            sys.exit(error.code)
        if web_ui:
            self._analyst = install_pages(web_ui, options_of(environment), self._live)
            listen_to_form(web_ui, environment, self._role)
        environment.streamsoak = self._role  # type: ignore[attr-defined]

    def _part(self, environment: Environment, runner: Runner) -> Role:
        if isinstance(runner, WorkerRunner):
            return WorkerRole(environment, runner, lambda: self._end(environment))
        if isinstance(runner, MasterRunner):
            return MasterRole(environment, runner, lambda: Setup(self._people, environment, runner))
        return LocalRole(environment, Setup(self._people, environment, runner))

    def _begin(self, environment: Environment, **_: Any) -> None:
        assert self._role is not None
        try:
            # A stop may come while the run is still being made: it waits for the lock, then ends it.
            with self._turn:
                self._role.begin()
                if self._role.run:
                    self._live.follow(self._role.run)
        except InputError as error:
            _refuse(environment, error)
        except OSError as error:
            said = f"no run can be written there: {error}"
            _refuse(environment, InputError.of("--run-dir", said, code=EXIT_UNAVAILABLE))

    def _end(self, environment: Environment, **_: Any) -> None:
        # Fires more than once, from several greenlets: a second caller waits for the first. The drain has a greenlet
        # of its own, so that an impatient Ctrl-C does not leave sessions open.
        work = gevent.spawn(self._finish, environment)
        while not work.ready():
            try:
                work.join()
            except KeyboardInterrupt:
                logger.warning("Still closing sessions; this has a bound")

    def _finish(self, environment: Environment) -> None:
        with self._turn:
            self._live.ending()
            if self._analyst:
                self._analyst.give_up()
            code = self._role.finish() if self._role else None
            self._live.ended()
            if code is not None:
                environment.process_exit_code = code

    def _quit(self, **_: Any) -> None:
        if self._role:
            self._role.close()


def _refuse(environment: Environment, error: InputError) -> None:
    """Too late for an exit: the users that are about to come find no run, and Locust is told to stop."""
    environment.process_exit_code = error.code
    logger.error("The run does not begin:\n%s", error)
    gevent.spawn_later(0.1, stop_run, environment)
