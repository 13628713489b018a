"""The API that streamsoak assumes if nothing else is said."""

from __future__ import annotations

from functools import cache

from loadtests.model.api.description.description import DEFAULT, FOLDER, ApiDescription, load_description


@cache
def default_api() -> ApiDescription:
    """Returns KonPro's description."""
    return load_description(FOLDER / f"{DEFAULT}.toml")
