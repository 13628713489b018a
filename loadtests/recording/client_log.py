"""The rows of an event log that is kept at the API's end, of clients that are not ours: by the sandbox, or by a proxy.

Sessions are numbered in the order of opening. A refused `new` has its own number, because the person it was for is unknown.
"""

from __future__ import annotations

from loadtests.model.api.answer import Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.log.record import Row
from loadtests.model.session.session import Holder
from loadtests.recording.recorder import Recorder

CLIENT = "client"
"""The profile of every row that is about a session."""


class ClientLog:
    """Numbers the sessions, and appends their rows to `recorder`. Of more than `most` sessions, it forgets the oldest."""

    def __init__(self, recorder: Recorder, most: int | None = None) -> None:
        self._recorder = recorder
        self._most = most
        self._count = 0
        self._numbers: dict[str, int] = {}
        self._open: set[str] = set()

    @property
    def open_sessions(self) -> int:
        """How many sessions are open."""
        return len(self._open)

    def number(self, operation: Operation, session_id: str) -> int:
        """Returns the number of the session that a call is about; 0: none that is known. Each `new` has a number."""
        return self.begin(session_id) if operation is Operation.NEW else self.known(session_id)

    def known(self, session_id: str) -> int:
        """Returns the number of a session; 0: it has none."""
        return self._numbers.get(session_id, 0)

    def begin(self, session_id: str) -> int:
        """Returns the next number; `session_id`: the session that has it from now on, "" for none."""
        self._count += 1
        if session_id:
            self._numbers[session_id] = self._count
            if self._most is not None and len(self._numbers) > self._most:
                oldest = next(iter(self._numbers))
                del self._numbers[oldest]
                self._open.discard(oldest)
        return self._count

    def opened(self, session_id: str) -> None:
        """The API has opened it."""
        self._open.add(session_id)

    def closed(self, session_id: str) -> None:
        """It is closed, by whomever."""
        self._open.discard(session_id)

    def call(
        self,
        at: int,
        took: int,
        number: int,
        session_id: str,
        operation: Operation,
        answered: tuple[int, int],
        meant: tuple[Outcome, Reason],
        value: float,
        detail: str | None,
    ) -> None:
        """Appends the row of a call. Times in ns; `answered`: HTTP status and the API's code, 0 for what no client has read."""
        holder = Holder.ACTIVE if session_id in self._open else Holder.NONE
        profile = CLIENT if number else ""
        self._recorder.append(
            Row(at, 0, number, profile, operation, at, 0, took, *answered, *meant, holder, value, detail)
        )

    def note(self, at: int, kind: str, number: int, value: float, detail: str | None) -> None:
        """Appends the row of a note, or of an observation of no session (`number` 0)."""
        none = Outcome.NONE, Reason.NONE, Holder.NONE
        profile = CLIENT if number else ""
        self._recorder.append(Row(at, 0, number, profile, kind, at, 0, 0, 0, 0, *none, value, detail))


def seconds_asked(asked: object, default: float) -> float:
    """Returns the idle timeout that a `new` asks for, in seconds; `default` if it asks for none that is a number."""
    if isinstance(asked, bool) or not isinstance(asked, int | float):
        return default
    try:
        return float(asked)
    except OverflowError:
        return float("inf")
