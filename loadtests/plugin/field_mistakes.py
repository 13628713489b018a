"""Mistakes in the start form, by its fields and in its words. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from loadtests.model.text.input_error import InputError, Mistake
from loadtests.plugin.option_table import FIELDS


class FieldMistake(NamedTuple):
    """A mistake beside a field."""

    field: str
    """"": of no field."""
    message: str


def field_mistakes(error: InputError) -> list[FieldMistake]:
    """Returns the mistakes by the form's fields, in the words of their labels instead of the options."""
    return [_field_mistake(mistake) for mistake in error.mistakes]


def _field_mistake(mistake: Mistake) -> FieldMistake:
    field = mistake.where.removeprefix("--").replace("-", "_")
    if mistake.where.startswith("--") and field in FIELDS and not mistake.path:
        return FieldMistake(field, _in_words(mistake.message))
    if mistake.where.endswith(".toml"):
        return FieldMistake("scenario", _in_words(str(mistake)))
    if "://" in mistake.where:
        return FieldMistake("host", _in_words(mistake.message))
    return FieldMistake("", _in_words(str(mistake)))


def _in_words(text: str) -> str:
    """Replaces the names of options by the labels of their fields."""

    def label(match: re.Match[str]) -> str:
        name = match[1].replace("-", "_")
        return f"“{FIELDS[name]}”" if name in FIELDS else match[0]

    return re.sub(r"--([a-z-]+)", label, text)
