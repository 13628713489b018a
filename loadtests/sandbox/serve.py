"""The sandbox's process: listens, keeps the rules' time, writes down what really happened."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec
import uvicorn

from loadtests.defects.account import open_account
from loadtests.defects.defect import Injected
from loadtests.engine.garbage import collect_and_freeze, infrequent_collection
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.rules import HostedSession, Rules, Terms
from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.processes.parent import answer_parent
from loadtests.processes.server import LISTENING
from loadtests.sandbox.app import App
from loadtests.sandbox.protocol import Connection

if TYPE_CHECKING:
    from loadtests.sandbox.journal import Journal

_REAP_EACH_SECONDS = 0.05
_SETTLE_EACH = 20
"""Of those: once a second."""
_KEEP_CONNECTIONS_SECONDS = 600


@dataclass(frozen=True)
class Serving:
    """Where and how the sandbox serves."""

    host: str
    port: int
    terms: Terms
    key: str | None
    log: Path | None
    parent_pipe: bool
    """End when standard input does: the parent's death is the sandbox's. A line there asks what is open, or how long ago the last
    request came."""
    journal: Path | None = None
    """A run's directory, for the log of what clients did."""
    zero: float = 0.0
    """The journal's 0 on the machine's monotonic clock."""
    defects: tuple[Injected, ...] = ()
    seed: int = 0
    """Of the defects."""
    api: ApiDescription | None = None
    """In whose words; None: the default API."""


def serve(serving: Serving) -> None:
    """Serve until interrupted; prints `listening on http://HOST:PORT` when ready. Raises InputError."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(infrequent_collection())
        log = _open_log(serving.log, stack)
        journal = _open_journal(serving, stack)
        write = _writer(log) if log else None
        tell = [*([write] if write else ()), *([journal.happened] if journal else ())]
        rules, service = open_account(
            serving.terms, lambda: str(uuid.uuid1()), _all(tell), serving.defects, serving.seed
        )
        rules.on_activity = (lambda at, session: write(at, "activity", session)) if write else None
        listener = stack.enter_context(_listen(serving.host, serving.port))
        app = App(rules, service, serving.key, observer=journal, api=serving.api)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                loop="uvloop",
                http=Connection,
                ws="none",
                lifespan="off",
                access_log=False,
                server_header=False,
                date_header=False,
                log_level="warning",
                backlog=4096,
                timeout_keep_alive=_KEEP_CONNECTIONS_SECONDS,
                timeout_graceful_shutdown=1,
            )
        )
        host = f"[{serving.host}]" if ":" in serving.host else serving.host
        print(f"{LISTENING}http://{host}:{listener.getsockname()[1]}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(server, rules, app, listener, serving.parent_pipe, log, journal))


async def _run(
    server: uvicorn.Server,
    rules: Rules,
    app: App,
    listener: socket.socket,
    parent_pipe: bool,
    log: TextIO | None,
    journal: Journal | None,
) -> None:
    reaping = asyncio.create_task(_reap(rules, log, journal))

    def end() -> None:
        server.should_exit = True

    if parent_pipe:
        answer_parent(lambda question: _told(question, rules, app, time.monotonic()), end)
    try:
        await server.serve(sockets=[listener])
    finally:
        reaping.cancel()
        rules.advance(time.monotonic())


def _told(question: str, rules: Rules, app: App, now: float) -> str:
    """Answers a question of the parent's, as JSON."""
    told = _left(rules, now) if question.startswith("open") else app.quiet_seconds(now)
    return msgspec.json.encode(told).decode()


def _left(rules: Rules, now: float) -> dict[str, float | None]:
    """The open sessions' ids, and how many seconds each has until it is due; None: a defect keeps it open for ever."""
    rules.advance(now)
    return {session.id: session.due - now if math.isfinite(session.due) else None for session in rules.open.values()}


async def _reap(rules: Rules, log: TextIO | None, journal: Journal | None) -> None:
    # The rules reap whenever they are asked; this only sees to it that the log is written when nobody asks.
    for turn in count(1):
        await asyncio.sleep(_REAP_EACH_SECONDS)
        rules.advance(time.monotonic())
        if turn % _SETTLE_EACH == 0:
            collect_and_freeze()
        if log:
            log.flush()
        if journal:
            journal.beat()


def _open_journal(serving: Serving, stack: contextlib.ExitStack) -> Journal | None:
    if serving.journal is None:
        return None
    # Arrow takes its time to load: a sandbox without a journal does without it.
    from loadtests.sandbox.journal import Journal

    journal = Journal(serving.journal, serving.zero, serving.terms, time.monotonic)
    stack.callback(journal.close)
    return journal


def _all(tell: list[Callable[[float, str, HostedSession], None]]) -> Callable[[float, str, HostedSession], None]:
    if len(tell) == 1:
        return tell[0]

    def each(at: float, event: str, session: HostedSession) -> None:
        for one in tell:
            one(at, event, session)

    return each


def _writer(log: TextIO) -> Callable[[float, str, HostedSession], None]:
    def write(at: float, event: str, session: HostedSession) -> None:
        line: dict[str, object] = {"at": at, "event": event, "session": session.id}
        if session.cause is not None:
            line["cause"] = session.cause
        log.write(msgspec.json.encode(line).decode() + "\n")

    return write


def _open_log(path: Path | None, stack: contextlib.ExitStack) -> TextIO | None:
    if path is None:
        return None
    try:
        return stack.enter_context(path.open("w", encoding="utf-8"))
    except OSError as error:
        raise InputError.of("--log", f"{path} cannot be written: {error.strerror}") from None


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it. The server writes head and body apart; without this, the second waits 40 ms
        # for the acknowledgement of the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(4096)
    except OSError as error:
        raise InputError.of(
            "sandbox", f"cannot listen on {host}:{port}: {error.strerror}", code=EXIT_UNAVAILABLE
        ) from None
    return listener
