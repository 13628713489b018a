"""What master and workers tell each other over Locust's wire. Never the API key.

    worker → master   hello            it is there, and listens
                      clock            what time is it? (asked, by its own clock)
                      begun, refused   it takes part in the run; or why it does not
                      ship             a part of a file of its
                      pulse            how it is
                      drained          it has closed everything: its account; until that is answered
    master → worker   hello            the worker has been heard
                      run              the run's manifest, the master's clock at its start, the worker's guard
                      clock            the question, and the master's clock
                      places           which users, by profile, are the worker's
                      look             what the API's list showed
                      shipped          a receipt
                      pulse            the lease is renewed
                      drain            the load is over
                      drained          the account has been heard

What a worker tells of a run says first of which: a master that takes another's place may hear workers of the other's.

Locust packs messages with msgpack: tuples come back as lists.
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
    PULSE = "streamsoak.pulse"
    DRAINED = "streamsoak.drained"
    RUN = "streamsoak.run"
    PLACES = "streamsoak.places"
    LOOK = "streamsoak.look"
    SHIPPED = "streamsoak.shipped"
    DRAIN = "streamsoak.drain"


def send(runner: WorkerRunner, kind: MessageKind, data: Any) -> bool:
    """A worker's message to its master. False: it cannot go now, and whoever has something to say says it again.

    Locust's own way to send tries for nine seconds, with a traceback for each try, and then raises: too long for one who
    holds sessions by a lease.
    """
    try:
        runner.client.socket.send(Message(kind.value, data, runner.client_id).serialize(), zmq.NOBLOCK)
    except zmq.ZMQError:
        return False
    return True


def on_message(runner: Runner, kind: MessageKind, take: Callable[[str, Any], None], *, apart: bool = False) -> None:
    """Have `take(node, data)` called for each message of that kind; `apart`: in a greenlet of its own."""

    def listen(msg: Any, **_: object) -> None:
        try:
            take(msg.node_id, msg.data)
        except Exception:
            logger.exception("A message %s could not be taken", kind)

    runner.register_message(kind.value, listen, concurrent=apart)


def post_of_run(runner: WorkerRunner, kind: MessageKind, run: str, data: Any) -> bool:
    """As `send`, of the run of that name."""
    return send(runner, kind, [run, data])


def hear_of_run(runner: Runner, kind: MessageKind, take: Callable[[str, str, Any], None]) -> None:
    """Have `take(node, run, data)` called for each message of that kind."""
    on_message(runner, kind, lambda node, told: take(node, *told))
