"""Sends alerts to a command or a webhook, while the watch goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent import subprocess
from gevent.lock import RLock

from loadtests.http.key import without_key
from loadtests.model.text.input_error import InputError
from loadtests.model.text.units import format_duration
from loadtests.monitoring.alert_message import alert_variables
from loadtests.processes.child import stop
from loadtests.processes.greenlets import start_task

_COMMAND_SECONDS = 30.0
_WEBHOOK_SECONDS = 10.0
_PAUSES = (1.0, 5.0)
"""Before each further try of a webhook."""

Message = Mapping[str, Any]
Output = Callable[[str], None]
"""Prints a line for the user."""


class AlertHook:
    """Sends each alert to `target`, one after the other: an http(s) URL, or a command for the shell.

    A command gets the alert as JSON on standard input and in STREAMSOAK_ALERT variables, and never the API key. What fails is
    printed, and does not end the watch. Raises InputError if `target` is not usable.
    """

    def __init__(self, target: str, output: Output) -> None:
        if not target.strip():
            raise InputError.of("--on-alert", "must be a command or an http(s) URL (is empty)")
        self._target = target
        self._output = output
        self._is_webhook = target.lower().startswith(("http://", "https://"))
        if self._is_webhook and not _host(target):
            raise InputError.of("--on-alert", "must be an http(s) URL with a host")
        self._tasks: list[gevent.Greenlet] = []
        self._in_order = RLock()

    def send(self, message: Message) -> None:
        """Sends an alert, and returns at once."""
        self._tasks = [task for task in self._tasks if not task.dead]
        self._tasks.append(start_task("sending an alert", self._send_in_order, message))

    def wait(self) -> None:
        """Waits until all alerts have been sent, or given up."""
        gevent.joinall(self._tasks)

    def _send_in_order(self, message: Message) -> None:
        with self._in_order:
            failure = self._post(message) if self._is_webhook else self._run(message)
        if failure:
            self._output(f"--on-alert: {failure}; the alert {message['alert']} ({message['state']}) was not delivered")

    def _run(self, message: Message) -> str:
        """Returns why the command failed; "" if it did not."""
        process = subprocess.Popen(
            ["/bin/sh", "-c", self._target],
            env={**without_key(), **alert_variables(dict(message))},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.communicate(json.dumps(message).encode() + b"\n", timeout=_COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            stop(process)
            return f"the command did not end within {format_duration(_COMMAND_SECONDS)} and was stopped"
        return f"the command ended with exit code {process.returncode}" if process.returncode else ""

    def _post(self, message: Message) -> str:
        """Returns why the webhook failed; "" if it did not. Its URL is not printed: it may hold a secret."""
        # In a thread of its own: the client's sockets would block the watch.
        pool = gevent.get_hub().threadpool
        failure = pool.apply(_posted, (self._target, dict(message)))
        for pause in _PAUSES:
            if not failure:
                break
            gevent.sleep(pause)
            failure = pool.apply(_posted, (self._target, dict(message)))
        return f"the webhook at {_host(self._target)} {failure}" if failure else ""


def _posted(url: str, message: Message) -> str:
    import requests

    try:
        # The body of the answer is not read: it may have any length.
        with requests.post(url, json=message, timeout=_WEBHOOK_SECONDS, allow_redirects=False, stream=True) as response:
            is_taken = response.ok and not response.is_redirect
            return "" if is_taken else f"answered HTTP {response.status_code}"
    except requests.RequestException as error:
        return f"cannot be reached ({type(error).__name__})"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
