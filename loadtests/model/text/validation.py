"""Says what is wrong with a value in a file, in place of pydantic's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from loadtests.model.text.input_error import InputError, Mistake
from loadtests.model.text.suggestion import nearest

_TAGS = ("constant", "uniform", "exponential", "lognormal", "empirical", "description", "changes")
_KEY = "[key]"
"""Pydantic's word for the name of a table, where that is wrong."""
_ENUM = re.compile(r"<[\w.]+: ('[^']*')>")
_LONGEST_VALUE = 80
_SENTENCES: Mapping[str, str] = {
    "missing": "is required",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text in quotes",
    "string_pattern_mismatch": "has characters that are not allowed (the pattern is {pattern})",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries (has {actual_length})",
    "too_long": "must have at most {max_length} entries (has {actual_length})",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "union_tag_not_found": "requires the key {discriminator}",
    "union_tag_invalid": "has an unknown {discriminator} {tag!r}: it must be one of {expected_tags}",
    "json_invalid": "is not JSON: {error}",
}
"""By pydantic's type of an error: our sentence, with the values of its context."""
_CHOICES = ("literal_error", "enum")
_QUOTED = re.compile(r"'([^']*)'")
_WITHOUT_VALUE = frozenset({"missing", "extra_forbidden", "too_short", "too_long", "union_tag_invalid", "json_invalid"})
"""The value does not help, or the sentence has it already."""


def from_pydantic(where: str | Path, error: ValidationError, model: type[BaseModel] | None = None) -> InputError:
    """Returns pydantic's errors as mistakes in `where`. `model`: whose keys to suggest for one that is not known."""
    return InputError(
        Mistake(str(where), _path(detail["loc"]), line)
        for detail in error.errors(include_url=False)
        for line in _sentence(detail, model).split("\n")
    )


def _path(location: tuple[int | str, ...]) -> str:
    # Tags of the union of distributions are pydantic's, not keys of the file.
    keys = [part for part in location if part not in _TAGS and part != _KEY]
    return ".".join(map(str, keys))


def _sentence(detail: ErrorDetails, model: type[BaseModel] | None) -> str:
    kind, location = detail["type"], detail["loc"]
    if kind == "extra_forbidden":
        return f"is not a known key{nearest(str(location[-1]), _keys(model, location[:-1]))}"
    if kind in _SENTENCES:
        message = _ENUM.sub(r"\1", _SENTENCES[kind].format(**detail.get("ctx", {})))
    else:
        message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if kind in _WITHOUT_VALUE or location[-1:] == (_KEY,):
        return message
    hint = (
        nearest(detail["input"], _QUOTED.findall(message))
        if kind in _CHOICES and isinstance(detail["input"], str)
        else ""
    )
    return f"{_with_value(message, detail['input'])}{hint}"


def _with_value(message: str, value: Any) -> str:
    shown = repr(value)
    if len(shown) > _LONGEST_VALUE:
        shown = shown[:_LONGEST_VALUE] + "…"
    return message if isinstance(value, dict) else f"{message} (is {shown})"


def _keys(model: type[BaseModel] | None, location: tuple[int | str, ...]) -> list[str]:
    """Returns the keys of the table at `location` in `model`; an empty list if there is no such table."""
    found: Any = model
    for part in location:
        models = list(_models(found))
        fields = [each.model_fields[part].annotation for each in models if part in each.model_fields]
        # An index of a list, a name of a table, or the tag of a union: the type is the same.
        found = fields[0] if fields else _tagged(models, part) or found
    return sorted({key for each in _models(found) for key in each.model_fields})


def _tagged(models: list[type[BaseModel]], tag: int | str) -> type[BaseModel] | None:
    kinds = {each: each.model_fields["kind"].default for each in models if "kind" in each.model_fields}
    return next((each for each, kind in kinds.items() if kind == tag), None)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Returns the models in a type: itself, or those in its list, table, union or annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Annotated, Union, UnionType, tuple, list, dict):
        return [model for part in get_args(annotation) for model in _models(part)]
    return []
