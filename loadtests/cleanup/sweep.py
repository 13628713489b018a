"""Closes the sessions that a run's ledgers show open. Works after the death of any of its processes, and can be repeated.

It first proves that the key belongs to the run's account: one of the run's sessions is listed, or the API recognizes the id of
one. Sessions that are in no ledger are not closed. A listed session that was created during the run and is in no ledger is a
*suspect*: it is reported, and closed only with `--exclusive-account`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.cleanup.account_client import AccountClient
from loadtests.cleanup.closing import list_until_released
from loadtests.cleanup.stop_result import StopResult
from loadtests.http.failure import in_words
from loadtests.http.key import key_variables
from loadtests.http.route import route_to
from loadtests.model.api.answer import GONE, Outcome, Reason
from loadtests.model.run.manifest import Manifest, read_manifest
from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.model.text.wording import count
from loadtests.observing.list_observer import ListRefusedError, UnreachableError
from loadtests.recording.ledger import SWEEP_FILE, Ledger, LedgerContents, is_held, ledgers, read_ledgers

_CLOCK_SLACK_SECONDS = 2.0
"""created_at is in whole seconds, by the API's clock."""


@dataclass
class SweepResult(StopResult):
    """The result of a sweep."""

    suspects: list[str] = field(default_factory=list)
    suspects_closed: list[str] = field(default_factory=list)
    unanswered: int = 0
    """`new` requests without an answer: suspects may be theirs."""
    doubt: str = ""
    """Why it is unknown whether everything is closed; "" if it is known."""


def sweep(run: Path, open_account: Callable[[Manifest], AccountClient], *, exclusive_account: bool) -> SweepResult:
    """Closes what the run in the directory `run` left open. Raises InputError if the sweep cannot begin."""
    manifest = read_manifest(run)
    if manifest.simulated:
        return SweepResult()
    if is_held(run):
        raise InputError.of(run, "is still running: one of its processes holds its ledger; stop it first")
    contents = read_ledgers(ledgers(run))
    result = SweepResult(unanswered=contents.unanswered)
    account = open_account(manifest)
    try:
        listed = _first_list(account, key_variables(manifest.description)[1])
    except UnreachableError as error:
        if not manifest.sandbox:
            raise InputError.of(manifest.host, f"cannot be reached: {in_words(error)}", code=EXIT_UNAVAILABLE) from None
        result.gone = [*contents.open.values()]
        return result
    ledger = Ledger(run, SWEEP_FILE)
    try:
        _Sweep(manifest, contents, account, ledger, result).carry_out(listed, exclusive_account)
    finally:
        ledger.close()
    return result


def account_of(manifest: Manifest, key: str, rate: float) -> AccountClient:
    """Returns a client for the account of the run that `manifest` describes. Raises InputError."""
    route = route_to(manifest.host, is_sandbox=manifest.sandbox)
    return AccountClient(route, manifest.description, key, rate)


def _first_list(account: AccountClient, key_variable: str) -> dict[str, float] | None:
    """Returns the open sessions; None if the API has no list or does not return it."""
    if not account.has_list:
        return None
    try:
        return account.listed()
    except ListRefusedError as error:
        if error.reason is Reason.UNAUTHORIZED:
            raise InputError.of(key_variable, f"was rejected by the API ({error})") from None
        return None
    except ValueError:
        return None


@dataclass
class _Sweep:
    manifest: Manifest
    contents: LedgerContents
    account: AccountClient
    ledger: Ledger
    result: SweepResult

    def __post_init__(self) -> None:
        self._numbers = {session_id: number for number, session_id in self.contents.open.items()}

    def carry_out(self, listed: dict[str, float] | None, exclusive_account: bool) -> None:
        if self.contents.open and not self._is_this_account(listed):
            self.result.doubt = (
                f"the account of this key knows none of the run's {count(len(self.contents.open), 'open session')}:"
                " they ended long ago, or the key belongs to another account"
            )
            return
        for number, session_id in self.contents.open.items():
            if session_id in self.result.closed:
                continue
            if listed is not None and session_id not in listed:
                self._record_closed(number, session_id, self.result.gone)
            else:
                self._close(number, session_id)
        after = self._check_closed(listed)
        if after is None:
            self.result.doubt = self.result.doubt or "the API's list could not be read"
            return
        self.result.suspects = [
            listed_id for listed_id, created in after.items() if self._is_suspect(listed_id, created)
        ]
        if exclusive_account:
            self._close_suspects()

    def _is_this_account(self, listed: dict[str, float] | None) -> bool:
        if listed and not self.contents.ids.keys().isdisjoint(listed):
            return True
        number, session_id = next(reversed(self.contents.open.items()))
        answer = self.account.stop(session_id, self.contents.kept.get(session_id))
        if answer.outcome is Outcome.OK:
            self._record_closed(number, session_id, self.result.closed)
        return answer.outcome is Outcome.OK or answer.reason is Reason.CLOSED

    def _close(self, number: int, session_id: str) -> None:
        answer = self.account.stop(session_id, self.contents.kept.get(session_id))
        self.result.add(session_id, answer)
        if session_id not in self.result.refused:
            self.ledger.closed(number, self._now())

    def _record_closed(self, number: int, session_id: str, into: list[str]) -> None:
        into.append(session_id)
        self.ledger.closed(number, self._now())

    def _check_closed(self, listed: dict[str, float] | None) -> dict[str, float] | None:
        """Returns what is listed afterwards. Sessions that stay listed although they were closed are moved to `refused`."""
        closed = (*self.result.closed, *self.result.gone)
        after = None if listed is None else list_until_released(self.account, closed)
        if after is None:
            return None
        ghosts, ended = self.result.check(after)
        for session_id in ghosts:
            self.ledger.reopened(self._numbers[session_id], session_id, self._now())
        for session_id in ended:
            self.ledger.closed(self._numbers[session_id], self._now())
        return after

    def _now(self) -> float:
        """Seconds of the run."""
        return time.time() - self.manifest.started_unix

    def _is_suspect(self, session_id: str, created: float) -> bool:
        if session_id in self.contents.ids or session_id in self.contents.preexisting or not created:
            return False
        began, ended = self.manifest.started_unix, self.manifest.ended
        latest = began + (math.inf if ended is None else ended)
        return began - _CLOCK_SLACK_SECONDS <= created <= latest + _CLOCK_SLACK_SECONDS

    def _close_suspects(self) -> None:
        for session_id in list(self.result.suspects):
            answer = self.account.stop(session_id, self.contents.kept.get(session_id))
            if answer.outcome is Outcome.OK or answer.reason in GONE:
                self.result.suspects.remove(session_id)
                self.result.suspects_closed.append(session_id)
