"""Errors in the user's input: each with file, key, value and what is valid; all are reported at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

EXIT_PASS, EXIT_FAIL, EXIT_UNKNOWN = 0, 1, 2
"""Exit codes of a verdict (README, "Exit codes")."""
EXIT_MISTAKE = 64
"""The user's input is invalid (`EX_USAGE` of sysexits.h); nothing was run."""
EXIT_UNAVAILABLE = 69
"""A dependency is unavailable (`EX_UNAVAILABLE` of sysexits.h)."""
EXIT_DEFECT = 70
"""Internal error (`EX_SOFTWARE` of sysexits.h)."""
EXIT_INTERRUPTED = 130
"""Ended by Ctrl-C (128 + SIGINT, the convention of shells)."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in one input."""

    where: str
    """File or option."""
    path: str
    """Dotted path of the key; "" for the whole input."""
    message: str
    """What is wrong, and what is valid."""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.path, self.message) if part)


class InputError(Exception):
    """Invalid input; holds all mistakes found, not only the first."""

    def __init__(self, mistakes: Iterable[Mistake], code: int = EXIT_MISTAKE) -> None:
        self.mistakes = tuple(mistakes)
        self.code = code
        super().__init__("\n".join(map(str, self.mistakes)))

    @classmethod
    def of(cls, where: str | Path, message: str, path: str = "", code: int = EXIT_MISTAKE) -> InputError:
        """Returns an error with one mistake."""
        return cls([Mistake(str(where), path, message)], code)
