"""Connects Locust's events to this process's role: a run begins and ends with them."""

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

from loadtests.model.text.input_error import EXIT_DEFECT, EXIT_UNAVAILABLE, InputError
from loadtests.plugin.form import listen_to_form
from loadtests.plugin.local import LocalRole, stop_run
from loadtests.plugin.master import MasterRole
from loadtests.plugin.options import People
from loadtests.plugin.report import LAST_LINES
from loadtests.plugin.setup import Setup, options_of
from loadtests.plugin.start_offer import StartOffer
from loadtests.plugin.users.role import Role
from loadtests.plugin.worker import WorkerRole
from loadtests.processes.greenlets import start_task
from loadtests.webui.background_report import BackgroundReport
from loadtests.webui.install import install as install_pages
from loadtests.webui.live import Live

logger = logging.getLogger(__name__)


class Plugin:
    """The plugin of one Locust process."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._role: Role | None = None
        self._live = Live()
        self._background_report: BackgroundReport | None = None
        self._lock = RLock()
        """Held while a run begins or ends."""

    def listen(self) -> None:
        """Registers with Locust's events."""
        events.init.add_listener(self._init_or_exit)
        events.test_start.add_listener(self._begin)
        events.quit.add_listener(self._quit)

    def _init_or_exit(self, **arguments: Any) -> None:
        """Locust itself would end with the exit code of a failed gate."""
        try:
            self._init(**arguments)
        except Exception:
            logger.exception("Internal error: this is a bug in streamsoak, please report it.")
            self._quit()
            sys.exit(EXIT_DEFECT)

    def _init(self, environment: Environment, runner: Runner, web_ui: Any = None, **_: Any) -> None:
        # Added after Locust's own listeners, which run in reverse order at the end: a worker drains before it quits.
        events.test_stopping.add_listener(self._end)
        events.quitting.add_listener(self._end)
        # Before the sandbox, if there is one, becomes the host.
        given_host = environment.host or ""
        try:
            self._role = self._make_role(environment, runner)
        except InputError as error:
            print(error, file=sys.stderr)
            self._quit()
            sys.exit(error.code)

        def interrupt() -> None:
            runner.quit()
            if web_ui:
                web_ui.stop()

        # Python would raise KeyboardInterrupt in the greenlet that happens to run, possibly within a request.
        gevent.signal_handler(signal.SIGINT, interrupt)
        if web_ui:
            self._background_report = install_pages(
                web_ui, options_of(environment), self._live, StartOffer(environment, given_host).describe
            )
            listen_to_form(web_ui, environment, self._role)
        environment.streamsoak = self._role  # type: ignore[attr-defined]

    def _make_role(self, environment: Environment, runner: Runner) -> Role:
        if isinstance(runner, WorkerRunner):
            return WorkerRole(environment, runner, lambda: self._end(environment))
        if isinstance(runner, MasterRunner):
            return MasterRole(environment, runner, lambda: Setup(self._people, environment, runner))
        return LocalRole(environment, Setup(self._people, environment, runner))

    def _begin(self, environment: Environment, **_: Any) -> None:
        assert self._role is not None
        try:
            # A stop that arrives while the run is being created waits for the lock, then ends the run.
            with self._lock:
                self._role.begin()
                if self._role.run:
                    self._live.follow(self._role.run)
        except InputError as error:
            self._refuse(environment, error)
        except OSError as error:
            refusal = InputError.of("--run-dir", f"a run cannot be written there: {error}", code=EXIT_UNAVAILABLE)
            self._refuse(environment, refusal)

    def _end(self, environment: Environment, **_: Any) -> None:
        # Locust fires the event more than once, from several greenlets: a second caller waits for the first. The drain runs in
        # its own greenlet, so that a second Ctrl-C does not leave sessions open.
        work = start_task("ending the run", self._finish, environment)
        while not work.ready():
            try:
                work.join()
            except KeyboardInterrupt:
                logger.warning("Still closing sessions; the messages above say for how long at most")
        if not work.value:
            environment.process_exit_code = EXIT_DEFECT

    def _finish(self, environment: Environment) -> None:
        with self._lock:
            self._live.ending()
            if self._background_report:
                self._background_report.stop()
            code = self._role.finish() if self._role else None
            self._live.ended()
            if code is not None:
                environment.process_exit_code = code
            if not options_of(environment).headless:
                # This process goes on, so its end is not the run's.
                LAST_LINES.print()

    def _refuse(self, environment: Environment, error: InputError) -> None:
        """Stops Locust, which is already starting its users; they find no run and do nothing."""
        environment.process_exit_code = error.code
        logger.error("The run does not begin:\n%s", error)
        LAST_LINES.keep(f"The run did not begin:\n{error}\n")
        self._live.refused(str(error))
        start_task("stopping Locust", _stop_soon, environment)

    def _quit(self, **_: Any) -> None:
        if self._role:
            self._role.close()


def _stop_soon(environment: Environment) -> None:
    gevent.sleep(0.1)
    stop_run(environment)
