"""The messages that master and workers exchange over Locust's connection. They never contain the API key.

    worker → master   hello            the worker is connected and listens
                      clock            requests the master's time; holds the worker's time
                      begun, refused   the worker takes part in the run, or why it does not
                      ship             a part of one of its files
                      snapshot         its figures
                      drained          its drain report, repeated until it is acknowledged
    master → worker   hello            acknowledges the worker's hello
                      run              the run's manifest, the master's clock at its start, the worker's guard
                      clock            the worker's time, and the master's
                      user_numbers     the numbers of the worker's users, by profile
                      list             what the API's list showed
                      shipped          a receipt
                      snapshot         renews the worker's lease
                      drain            the load is over
                      drained          acknowledges the drain report

A worker's message about a run begins with the run's name: a master may get messages about a run of the master before it.

Locust packs messages with msgpack: tuples arrive as lists.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import zmq
from locust.rpc import Message
from locust.runners import Runner, WorkerRunner

logger = logging.getLogger(__name__)


class MessageKind(StrEnum):
    """Kinds of messages."""

    HELLO = "streamsoak.hello"
    CLOCK = "streamsoak.clock"
    BEGUN = "streamsoak.begun"
    REFUSED = "streamsoak.refused"
    SHIP = "streamsoak.ship"
    SNAPSHOT = "streamsoak.snapshot"
    DRAINED = "streamsoak.drained"
    RUN = "streamsoak.run"
    USER_NUMBERS = "streamsoak.user_numbers"
    LIST = "streamsoak.list"
    SHIPPED = "streamsoak.shipped"
    DRAIN = "streamsoak.drain"


def send(runner: WorkerRunner, kind: MessageKind, data: Any) -> bool:
    """Sends a worker's message to its master. False: it cannot be sent now; the caller repeats it.

    Locust's own method retries for nine seconds, logs a traceback for each try, and then raises: too long for a worker that holds
    sessions by a lease.
    """
    try:
        runner.client.socket.send(Message(kind.value, data, runner.client_id).serialize(), zmq.NOBLOCK)
    except zmq.ZMQError:
        return False
    return True


def on_message(
    runner: Runner, kind: MessageKind, handle: Callable[[str, Any], None], *, concurrent: bool = False
) -> None:
    """Calls `handle(node, data)` for each message of that kind; `concurrent`: in a greenlet of its own."""

    def listen(msg: Any, **_: object) -> None:
        try:
            handle(msg.node_id, msg.data)
        except Exception:
            logger.exception("A message %s could not be handled", kind)

    runner.register_message(kind.value, listen, concurrent=concurrent)


def send_of_run(runner: WorkerRunner, kind: MessageKind, run: str, data: Any) -> bool:
    """Sends a worker's message about the run of that name, as `send` does."""
    return send(runner, kind, [run, data])


def on_run_message(runner: Runner, kind: MessageKind, handle: Callable[[str, str, Any], None]) -> None:
    """Calls `handle(node, run, data)` for each message of that kind."""
    on_message(runner, kind, lambda node, message: handle(node, *message))
