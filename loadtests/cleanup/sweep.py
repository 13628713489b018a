"""Closes what a run left open, by its ledgers: after the death of any of its processes, as often as one likes.

First it is shown that the key sees the account of the run: one of the run's sessions is listed there, or the API answers
about one as one that it knew. What no ledger holds is never touched: a listed session that was created during the run and
is in no ledger is a *suspect*, reported, and closed only where the account is known to be nobody else's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from loadtests.cleanup.account_client import AccountClient
from loadtests.http.origin import Origin
from loadtests.model.api.answer import GONE, Answer, Outcome, Reason
from loadtests.model.run.manifest import Manifest, read_manifest
from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.recording.ledger import SWEEP_FILE, Ledger, LedgerContents, is_held, ledgers, read_ledgers

_CLOCK_SLACK_SECONDS = 2.0
"""created_at comes in whole seconds, of the API's own clock."""
_LAG_SECONDS = 5.0
"""How long a closed session may stay listed: slots are reported to be free 0.3 to 3 s after a stop."""
_LOOK_SECONDS = 0.5


@dataclass
class SweepResult:
    """What a sweep found and did; ids by what became of them."""

    closed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    """Closed before, by whomever."""
    refused: dict[str, str] = field(default_factory=dict)
    """With the reason: still open, as far as can be told."""
    suspects: list[str] = field(default_factory=list)
    suspects_closed: list[str] = field(default_factory=list)
    unanswered: int = 0
    """`new` requests of which nobody knows what they did: suspects may be theirs."""
    doubt: str = ""
    """Why it cannot be told whether all is closed."""


def sweep(run: Path, open_account: Callable[[Manifest], AccountClient], *, exclusive_account: bool) -> SweepResult:
    """Close what the run in the directory `run` left open. Raises InputError where nothing can be done."""
    manifest = read_manifest(run)
    if manifest.simulated:
        return SweepResult()
    if is_held(run):
        raise InputError.of(run, "goes on: a process of it still writes its ledger; end that first")
    books = read_ledgers(ledgers(run))
    swept = SweepResult(unanswered=books.unanswered)
    account = open_account(manifest)
    try:
        listed = _first_list(account)
    except requests.ConnectionError as error:
        if not manifest.sandbox:
            raise InputError.of(manifest.host, f"cannot be reached: {error}", code=EXIT_UNAVAILABLE) from None
        swept.gone = [*books.open.values()]
        return swept
    ledger = Ledger(run, SWEEP_FILE)
    try:
        _Sweep(manifest, books, account, ledger, swept).carry_out(listed, exclusive_account)
    finally:
        ledger.close()
    return swept


def account_of(manifest: Manifest, key: str, rate: float) -> AccountClient:
    """The account of the run that `manifest` describes."""
    return AccountClient(Origin.parse(manifest.host), manifest.surface, key, rate)


def _first_list(account: AccountClient) -> dict[str, float] | None:
    """What is open; None where the API has no list, or does not give it."""
    if not account.has_list:
        return None
    try:
        return account.listed()
    except ValueError as error:
        if "401" in str(error):
            raise InputError.of("KONPRO_API_KEY", f"is not taken by the API ({error})") from None
        return None
    except requests.ConnectionError:
        raise
    except (requests.RequestException, OSError):
        return None


@dataclass
class _Sweep:
    manifest: Manifest
    books: LedgerContents
    account: AccountClient
    ledger: Ledger
    swept: SweepResult

    def __post_init__(self) -> None:
        self._numbers = {session_id: number for number, session_id in self.books.open.items()}

    def carry_out(self, listed: dict[str, float] | None, exclusive_account: bool) -> None:
        if self.books.open and not self._is_this_account(listed):
            self.swept.doubt = (
                f"none of the run's {len(self.books.open)} open sessions is known to the account that the key opens:"
                " they are long gone, or the key is another account's"
            )
            return
        for number, session_id in self.books.open.items():
            if session_id in self.swept.closed:
                continue
            if listed is not None and session_id not in listed:
                self._settle(number, session_id, self.swept.gone)
            else:
                self._close(number, session_id)
        after = self._look_again(listed)
        if after is None:
            self.swept.doubt = self.swept.doubt or "the API's list could not be read"
            return
        self.swept.suspects = [one for one, created in after.items() if self._is_suspect(one, created)]
        if exclusive_account:
            self._close_suspects()

    def _is_this_account(self, listed: dict[str, float] | None) -> bool:
        if listed and not self.books.ids.keys().isdisjoint(listed):
            return True
        number, session_id = next(reversed(self.books.open.items()))
        answer = self.account.stop(session_id)
        if answer.outcome is Outcome.OK:
            self._settle(number, session_id, self.swept.closed)
        return answer.outcome is Outcome.OK or answer.reason is Reason.CLOSED

    def _close(self, number: int, session_id: str) -> None:
        answer = self.account.stop(session_id)
        if answer.outcome is Outcome.OK:
            self._settle(number, session_id, self.swept.closed)
        elif answer.reason in GONE:
            self._settle(number, session_id, self.swept.gone)
        else:
            self.swept.refused[session_id] = _said(answer)

    def _settle(self, number: int, session_id: str, among: list[str]) -> None:
        among.append(session_id)
        self.ledger.closed(number, time.time() - self.manifest.started_unix)

    def _look_again(self, listed: dict[str, float] | None) -> dict[str, float] | None:
        """What is listed afterwards; what was said to be closed and stays listed is refused after all."""
        if listed is None:
            return None
        end = time.monotonic() + _LAG_SECONDS
        while True:
            try:
                after = self.account.listed()
            except (requests.RequestException, OSError, ValueError):
                return None
            stubborn = [one for one in (*self.swept.closed, *self.swept.gone) if one in after]
            if not stubborn or time.monotonic() > end:
                break
            time.sleep(_LOOK_SECONDS)
        for session_id in stubborn:
            among = self.swept.closed if session_id in self.swept.closed else self.swept.gone
            among.remove(session_id)
            self.swept.refused[session_id] = "listed all the same: a ghost"
        self._open_again(stubborn)
        for session_id in [one for one in self.swept.refused if one not in after]:
            del self.swept.refused[session_id]
            self._settle(self._numbers[session_id], session_id, self.swept.gone)
        return after

    def _open_again(self, stubborn: list[str]) -> None:
        for session_id in stubborn:
            self.ledger.reopened(self._numbers[session_id], session_id, time.time() - self.manifest.started_unix)

    def _is_suspect(self, session_id: str, created: float) -> bool:
        if session_id in self.books.ids or session_id in self.books.preexisting or not created:
            return False
        began, ended = self.manifest.started_unix, self.manifest.ended
        latest = began + (math.inf if ended is None else ended)
        return began - _CLOCK_SLACK_SECONDS <= created <= latest + _CLOCK_SLACK_SECONDS

    def _close_suspects(self) -> None:
        for session_id in list(self.swept.suspects):
            answer = self.account.stop(session_id)
            if answer.outcome is Outcome.OK or answer.reason in GONE:
                self.swept.suspects.remove(session_id)
                self.swept.suspects_closed.append(session_id)


def _said(answer: Answer) -> str:
    said = f"{answer.reason or answer.outcome}"
    return f"{said} (HTTP {answer.status})" if answer.status else said
