"""A user's mistakes: each one told with file, key, value and what would be right, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

EXIT_PASS, EXIT_FAIL, EXIT_UNKNOWN = 0, 1, 2
"""What a verdict makes of the exit code (README, "Exit codes")."""
EXIT_MISTAKE = 64
"""The user's input cannot be used (`EX_USAGE` of sysexits.h): the run did not begin."""
EXIT_UNAVAILABLE = 69
"""Something that the command needs is not there (`EX_UNAVAILABLE` of sysexits.h)."""
EXIT_DEFECT = 70
"""An error of ours (`EX_SOFTWARE` of sysexits.h)."""
EXIT_INTERRUPTED = 130
"""Ended by Ctrl-C (128 + SIGINT, as shells have it)."""

_TAGS = ("constant", "uniform", "exponential", "lognormal", "empirical")
_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in one input."""

    where: str
    """File or option."""
    path: str
    """Dotted path of the key, or "" when the whole input is meant."""
    message: str
    """What is wrong, and what would be right."""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.path, self.message) if part)


class InputError(Exception):
    """Input that cannot be used; holds every mistake found, not only the first."""

    def __init__(self, mistakes: Iterable[Mistake], code: int = EXIT_MISTAKE) -> None:
        self.mistakes = tuple(mistakes)
        self.code = code
        super().__init__("\n".join(map(str, self.mistakes)))

    @classmethod
    def of(cls, where: str | Path, said: str, path: str = "", code: int = EXIT_MISTAKE) -> InputError:
        """An error of a single mistake."""
        return cls([Mistake(str(where), path, said)], code)


def from_pydantic(where: str | Path, error: ValidationError) -> InputError:
    """Each of pydantic's complaints as a mistake in `where`."""
    return InputError(
        Mistake(str(where), _path(complaint["loc"]), _said(complaint["msg"], complaint["input"]))
        for complaint in error.errors(include_url=False, include_context=False)
    )


def _path(location: tuple[int | str, ...]) -> str:
    # Tags of the union of distributions are pydantic's, not keys of the user's file.
    keys = [part for part in location if part not in _TAGS]
    return ".".join(map(str, keys))


def _said(message: str, value: Any) -> str:
    shown = repr(value)
    if len(shown) > _LONGEST_VALUE:
        shown = shown[:_LONGEST_VALUE] + "…"
    message = message.removeprefix("Value error, ")
    return message if isinstance(value, dict) else f"{message} (is {shown})"
