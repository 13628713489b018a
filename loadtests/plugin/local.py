"""The role of a Locust process without workers."""

from __future__ import annotations

import logging
from functools import partial

from locust.env import Environment

from loadtests.model.people.profile import Profile
from loadtests.model.text.wording import count
from loadtests.plugin.progress import Progress
from loadtests.plugin.report import write_report
from loadtests.plugin.setup import Setup, reason_of_end
from loadtests.plugin.statistics import Statistics
from loadtests.plugin.users.role import StartRequest
from loadtests.processes.greenlets import start_task
from loadtests.run.process import RunProcess
from loadtests.run.run import Run

logger = logging.getLogger(__name__)


class LocalRole:
    """Generates the whole load itself."""

    def __init__(self, environment: Environment, setup: Setup) -> None:
        self._environment = environment
        self._setup = setup
        self._run: Run | None = None

    @property
    def run(self) -> Run | None:
        """The current run."""
        return self._run

    def prepare(self, request: StartRequest) -> bool:
        """Applies the values of the start form."""
        return self._setup.choose(request)

    def begin(self) -> None:
        """Begin a run."""
        settings = self._setup.admitted()
        self._statistics = Statistics(self._environment, settings.description)
        self._run = Run(settings, self._statistics, partial(end_early, self._environment))
        self._progress = Progress(self._run)
        self._setup.metrics.follow(self._run)
        logger.info("Run %s", self._run.folder)

    def finish(self) -> int | None:
        """Drain, then write the report."""
        run, self._run = self._run, None
        if run is None:
            return None
        reason = reason_of_end(self._setup.shape, run.early_end)
        load_ended = run.now()
        self._progress.drain()
        drained = run.drain(reason)
        self._progress.close()
        logger.info("%s", drained)
        self._statistics.close()
        process = run.process
        return seal_and_report(run, load_ended, reason, drained.left, process.recorder.lost, process.engine.defects)

    def process_for(self, profile: Profile) -> RunProcess | None:
        """The process of the current run."""
        return self._run.process if self._run and not self._run.process.ending else None

    def close(self) -> None:
        """End the sandbox."""
        self._setup.close()


def seal_and_report(
    run: Run, load_ended: float, reason: str, left_open: int, lost_events: int, defects: int, **more: int
) -> int:
    """Completes the run's directory and writes the report; returns the exit code of its verdict."""
    try:
        run.seal(load_ended, reason, left_open=left_open, lost_events=lost_events, defects=defects, **more)
    except OSError as error:
        logger.error("The manifest of %s could not be completed (%s): the run counts as incomplete", run.folder, error)
    if lost_events:
        logger.error("%s could not be written to %s", count(lost_events, "event"), run.folder)
    return write_report(run.folder)


def end_early(environment: Environment, reason: str) -> None:
    """Stops Locust because the run ends itself, for `reason`."""
    logger.warning("The run ends early: %s", reason)
    stop_run(environment)


def stop_run(environment: Environment) -> None:
    """Stops Locust, from any greenlet."""
    runner, options = environment.runner, environment.parsed_options
    if runner is not None:
        start_task("stopping Locust", runner.quit if options is None or options.headless else runner.stop)
