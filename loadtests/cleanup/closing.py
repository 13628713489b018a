"""Closes chosen sessions of an account: `streamsoak sessions close`, and what a sweep does in the same way.

The ids are fixed before the first is closed, and written into a file before anything is sent: a session that is opened meanwhile
is not touched, and what was closed can be looked up later.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loadtests.cleanup.account_client import AccountClient
from loadtests.cleanup.stop_result import GHOST, StopResult
from loadtests.model.text.input_error import InputError

_LAG_SECONDS = 5.0
"""How long a closed session may stay listed: slots are reported to become free 0.3 to 3 s after a stop."""
_POLL_SECONDS = 0.5
_SHORTEST_PREFIX = 4
"""Characters of an id that a user may shorten it to."""


@dataclass
class ClosingResult(StopResult):
    """What became of the sessions that were to be closed."""

    untried: list[str] = field(default_factory=list)
    """Not tried, because the user interrupted it."""
    doubt: str = ""
    """Why it is unknown whether they are closed; "" if it is known."""


class ClosingLedger:
    """A file of JSON lines: what is to be closed, then the result of each. Raises InputError if it cannot be created."""

    def __init__(self, folder: Path, host: str) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        self.path = folder / f"closed-{stamp}.jsonl"
        self._host = host
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("x", encoding="utf-8", buffering=1)
        except OSError as error:
            raise InputError.of("--run-dir", f"{self.path} cannot be created: {error.strerror}") from None

    def intent(self, sessions: Mapping[str, float], account_open: int) -> None:
        """Records what is to be closed: ids with created_at."""
        rows = [{"session_id": session_id, "created_at": created or None} for session_id, created in sessions.items()]
        self._write(host=self._host, open=account_open, to_close=rows)

    def result(self, session_id: str, result: str) -> None:
        """Records what became of one session."""
        self._write(session_id=session_id, result=result)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _write(self, **values: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._file.write(json.dumps({"time": now, **values}) + "\n")


def close_sessions(
    account: AccountClient, ids: Iterable[str], ledger: ClosingLedger, is_interrupted: Callable[[], bool]
) -> ClosingResult:
    """Closes exactly these sessions, then reads the list again: one that is still listed could not be closed.

    `is_interrupted` is asked before each session: from then on the rest is untried.
    """
    result, left = ClosingResult(), list(ids)
    while left and not is_interrupted():
        _close(account, left.pop(0), result, ledger)
    result.untried = left
    _check(account, result, ledger)
    return result


def _close(account: AccountClient, session_id: str, result: ClosingResult, ledger: ClosingLedger) -> None:
    result.add(session_id, account.stop(session_id))
    if session_id in result.refused:
        ledger.result(session_id, f"not closed: {result.refused[session_id]}")
    else:
        ledger.result(session_id, "already closed" if session_id in result.gone else "closed")


def _check(account: AccountClient, result: ClosingResult, ledger: ClosingLedger) -> None:
    after = list_until_released(account, (*result.closed, *result.gone))
    if after is None:
        result.doubt = "the API's list could not be read again"
        return
    ghosts, ended = result.check(after)
    for session_id in ghosts:
        ledger.result(session_id, f"not closed: {GHOST}")
    for session_id in ended:
        ledger.result(session_id, "no longer listed")


def list_until_released(
    account: AccountClient, closed: Collection[str], clock: Callable[[], float] = time.monotonic
) -> dict[str, float] | None:
    """Polls the list until it shows none of `closed`, for a few seconds at most; None if it cannot be read."""
    end = clock() + _LAG_SECONDS
    while True:
        try:
            listed = account.listed()
        except (OSError, ValueError):
            return None
        if listed.keys().isdisjoint(closed) or clock() > end:
            return listed
        time.sleep(_POLL_SECONDS)


def older_than(listed: Mapping[str, float], seconds: float, now: float) -> dict[str, float]:
    """Returns the sessions of `listed` that were created more than `seconds` before `now`, by the API's created_at.

    A session without created_at is not among them.
    """
    return {session_id: created for session_id, created in listed.items() if created and now - created > seconds}


def named(listed: Mapping[str, float], ids: Iterable[str]) -> tuple[dict[str, float], list[str]]:
    """Returns the sessions of `listed` that `ids` name, and those of `ids` that are not listed.

    An id may be shortened to a prefix that no other listed id has. Raises InputError for one that is ambiguous or too short.
    """
    found: dict[str, float] = {}
    unknown = []
    for name in dict.fromkeys(ids):
        near = [name] if name in listed else [session_id for session_id in listed if session_id.startswith(name)]
        if len(near) > 1:
            raise InputError.of("ID", f"{name!r} is the beginning of {len(near)} ids: {', '.join(near[:3])}, …")
        if near and len(name) < _SHORTEST_PREFIX and name not in listed:
            raise InputError.of("ID", f"must have at least {_SHORTEST_PREFIX} characters (is {name!r})")
        if near:
            found[near[0]] = listed[near[0]]
        else:
            unknown.append(name)
    return found, unknown
