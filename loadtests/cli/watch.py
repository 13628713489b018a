"""`streamsoak watch`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from loadtests.cli.account_arguments import add_host
from loadtests.cli.arguments import add_run_dir, duration
from loadtests.model.text.input_error import InputError
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, of_total

if TYPE_CHECKING:
    from loadtests.model.run.watch_terms import AlertRules
    from loadtests.monitoring.alert_hook import AlertHook
    from loadtests.monitoring.metrics import AccountMetrics
    from loadtests.monitoring.watch import View, Watch

HELP = (
    "Watch an account's open sessions by its list alone. Exit code 0 no alert, 1 an alert was raised, 2 inconclusive: most looks"
    " got no list."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_host(parser)
    about = "concurrency limit of the account (default: unknown)"
    parser.add_argument("--limit", type=int, metavar="N", help=about)
    about = "time between two looks at the list (default: %(default)s)"
    parser.add_argument("--every", type=duration, default="10s", metavar="TIME", help=about)
    about = "requests an hour, at most; each page of the list is one (default: %(default)s)"
    parser.add_argument("--budget", type=int, default=600, metavar="N", help=about)
    about = "idle timeout of sessions whose list entry has none; those open for longer are counted (default: unknown)"
    parser.add_argument("--idle", type=duration, metavar="TIME", help=about)
    about = "duration after which the API closes any session; those open for longer are counted (default: unknown)"
    parser.add_argument("--cap", type=duration, metavar="TIME", help=about)
    end = parser.add_mutually_exclusive_group()
    about = "end after TIME (default: when it is interrupted)"
    end.add_argument("--for", type=duration, dest="duration", metavar="TIME", help=about)
    end.add_argument("--once", action="store_true", help="look once, print the figures, and write no run directory")
    _add_alerts(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object for each look and each alert")
    about = "serve Prometheus metrics on this port of this machine"
    parser.add_argument("--metrics-port", type=int, metavar="PORT", help=about)
    add_run_dir(parser)


def _add_alerts(parser: argparse.ArgumentParser) -> None:
    about = "raise an alert if N sessions are open, or P %% of --limit"
    parser.add_argument("--alert-open", metavar="N|P%", help=about)
    about = "raise an alert if a session has been open for TIME"
    parser.add_argument("--alert-age", type=duration, metavar="TIME", help=about)
    about = "raise an alert if N sessions are open for longer than their idle timeout, or than --cap"
    parser.add_argument("--alert-overdue", type=int, metavar="N", help=about)
    about = "raise an alert if the list could not be read for TIME"
    parser.add_argument("--alert-unreachable", type=duration, metavar="TIME", help=about)
    about = "run COMMAND in the shell, or POST to URL, when an alert is raised or resolved"
    parser.add_argument("--on-alert", metavar="COMMAND|URL", help=about)


def run(arguments: argparse.Namespace) -> int:
    """Watch the account."""
    from loadtests.cli.watch_settings import watch_settings
    from loadtests.http.key import api_key
    from loadtests.monitoring.metrics import AccountMetrics
    from loadtests.monitoring.watch import Watch
    from loadtests.monitoring.watch_log import WatchLog

    settings = watch_settings(arguments)
    hook = _hook(arguments, settings.terms.alerts)
    key, url = api_key(settings.api), settings.route.origin.url

    def open_log(started_unix: float) -> WatchLog:
        return WatchLog(arguments.run_dir, url, settings.api, settings.limit, settings.terms, started_unix)

    watch = Watch(settings, key, None if arguments.once else open_log, hook)
    metrics = AccountMetrics(url, watch.alerts)
    with contextlib.ExitStack() as stack:
        if arguments.metrics_port is not None:
            stack.enter_context(_served(metrics, arguments.metrics_port))
        if not arguments.once:
            _say(f"Watching {url}: {watch.pace.cost}.")
        stack.enter_context(_interruptible())
        view = stack.enter_context(_view(arguments))
        reason = watch.run(view, metrics.show)
        lost = watch.end(reason)
    if lost:
        _say(f"{count(lost, 'event')} could not be written.")
    if not arguments.once:
        _summarise(watch)
    return watch.exit_code


def _hook(arguments: argparse.Namespace, rules: AlertRules) -> AlertHook | None:
    from loadtests.monitoring.alert_hook import AlertHook

    if arguments.on_alert is None:
        return None
    if all(threshold is None for threshold in rules.model_dump().values()):
        options = "--alert-open, --alert-age, --alert-overdue or --alert-unreachable"
        raise InputError.of("--on-alert", f"requires an alert: {options}")
    return AlertHook(arguments.on_alert, _say)


@contextlib.contextmanager
def _served(metrics: AccountMetrics, port: int) -> Iterator[None]:
    """Serves the metrics."""
    from prometheus_client import CollectorRegistry

    from loadtests.processes.metrics_server import LOOPBACK, MetricsServer

    registry = CollectorRegistry()
    registry.register(metrics)
    server = MetricsServer(registry, port)
    _say(f"Metrics: http://{LOOPBACK}:{port}/metrics")
    try:
        yield
    finally:
        server.close()


@contextlib.contextmanager
def _view(arguments: argparse.Namespace) -> Iterator[View]:
    """The screen on a terminal, else lines."""
    from loadtests.cli.table import open_console
    from loadtests.cli.watch_lines import JsonView, LineView
    from loadtests.cli.watch_screen import ScreenView

    console = open_console()
    if arguments.json or not console.is_terminal or console.is_dumb_terminal:
        yield JsonView() if arguments.json else LineView()
    else:
        with ScreenView(console) as screen:
            yield screen


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Turns SIGINT and SIGTERM into KeyboardInterrupt in this greenlet, while it waits.

    A shell that starts us in the background makes us ignore SIGINT; installing a handler reverts that.
    """
    import signal

    import gevent

    here = gevent.getcurrent()
    handlers = [
        gevent.signal_handler(number, lambda: gevent.kill(here, KeyboardInterrupt()))
        for number in (signal.SIGINT, signal.SIGTERM)
    ]
    try:
        yield
    finally:
        for handler in handlers:
            handler.cancel()


def _summarise(watch: Watch) -> None:
    figures = watch.state.figures(watch.now())
    read = figures.looks - figures.failed_looks
    lists = f"{of_total(read, figures.looks, 'look')} got a list"
    _say(f"Watched for {format_duration(round(figures.at))}: {lists}; {count(figures.requests, 'request')}.")
    if figures.open is not None:
        returned = f", {figures.returned:,} came back" if figures.returned else ""
        _say(f"{count(figures.open, 'session')} open; {figures.opened:,} opened, {figures.closed:,} closed{returned}.")
    active = f" ({', '.join(watch.alerts.active)} still active)" if watch.alerts.active else ""
    if watch.alerts.thresholds:
        _say(f"{count(watch.alerts.raised, 'alert')} raised{active}.")
    if watch.log:
        _say(f"To write a page: streamsoak report {watch.log.folder}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
