"""Validates the user's files, for the subcommands that do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from loadtests.model.text.input_error import InputError, Mistake


def validate(files: Iterable[Path], check: Callable[[Path], Iterable[str]]) -> int:
    """Prints for each file that it is OK, or raises InputError with the mistakes of all.

    `check` loads a file, raises InputError if it has mistakes, and returns what else there is to say of it.
    """
    mistakes: list[Mistake] = []
    for file in files:
        try:
            notes = check(file)
        except InputError as error:
            mistakes.extend(error.mistakes)
        else:
            print(f"{file}: OK")
            for line in notes:
                print(f"  {line}")
    if mistakes:
        raise InputError(mistakes)
    return 0
