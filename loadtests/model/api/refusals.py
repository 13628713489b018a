"""Why an API refused a call: its own table of HTTP status, code and message, and what common wordings mean.

An API may report the same refusal with several statuses and codes, and two refusals with the same code, so a row matches by
status, code and message together. The rows are in the API's description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from loadtests.model.api.answer import Reason


class RefusalPattern(NamedTuple):
    """One row of the table. None and "" match anything; `text` is a part of the message in lower case."""

    reason: Reason
    status: int | None = None
    code: int | None = None
    text: str = ""

    def matches(self, status: int, code: int | None, message: str) -> bool:
        """Whether a refusal matches this row; `message` is in lower case."""
        return (
            # An error within a 200 has what its status would be as its code.
            (self.status is None or self.status == (code if status < 300 else status))
            and (self.code is None or self.code == code)
            and self.text in message
        )


_LIMIT = r"(?:limit|max|exceed|reached|too many|no more|quota|exhaust|capacity|allowed|already|used up)"
_AT_ONCE = r"(?:concurren|simultaneous|parallel|at the same time)"
_FULL_ACCOUNT = re.compile(
    rf"{_AT_ONCE}.*{_LIMIT}|{_LIMIT}.*{_AT_ONCE}"
    r"|too many (?:open |active |running |live )?(?:sessions|conversations|streams)"
    r"|(?:session|conversation|stream)s? (?:limit|quota|cap)\b"
    r"|(?:no|all)(?: \w+){0,3} (?:slots|seats)\b"
    r"|already (?:have|has|running|using) .{0,30}(?:sessions|conversations|streams)"
    r"|max\w* (?:number of )?(?:open |active |running |live |user )?(?:sessions|conversations|streams)"
)
_IN_A_SHORT_TIME = re.compile(r"per (?:second|minute|hour)|hourly|/ ?(?:s|sec|min|h|hour)\b|\brate\b")
_IN_A_LONG_TIME = re.compile(r"per (?:day|week|month|year)|daily|weekly|monthly|yearly|today|this (?:day|week|month)")
_LONGEST_MESSAGE = 500
"""Characters of a message that are searched."""


def says_full(message: str) -> bool:
    """Whether a message, in any case, says in other words than the documented ones that the account is full: a guess."""
    text = message[:_LONGEST_MESSAGE].lower()
    return "request" not in text and _FULL_ACCOUNT.search(text) is not None


def refusal_reason(patterns: Iterable[RefusalPattern], status: int, code: int | None, message: str) -> Reason:
    """Returns the reason in the first row of `patterns` that matches.

    Where none does, the wording decides whether the account is full, and a 429 is a rate limit (RFC 6585, section 4).
    """
    message = message.lower()
    for pattern in patterns:
        if pattern.matches(status, code, message):
            return pattern.reason
    if says_full(message):
        return _limit_reason(message)
    return Reason.RATE if status == 429 else Reason.REFUSED


def _limit_reason(message: str) -> Reason:
    """Which limit a message means that speaks of one: of sessions at once, unless it counts those begun in a time."""
    if re.search(_AT_ONCE, message):
        return Reason.CONCURRENCY
    if _IN_A_SHORT_TIME.search(message):
        return Reason.RATE
    return Reason.QUOTA if _IN_A_LONG_TIME.search(message) else Reason.CONCURRENCY
