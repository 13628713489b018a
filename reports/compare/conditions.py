"""Finds differences between the conditions of two runs: users, arrivals, limit and settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loadtests.model.run.manifest import Manifest

_APART = {"name", "about", "gates", "compare", "price_per_minute"}
"""Keys of a scenario that do not change the load: its names and how it is judged."""


def differences(base: Manifest, run: Manifest) -> list[str]:
    """Return the differences, each as `key: BASE → RUN`. The API, the seed and the number of workers may differ."""
    return list(_differing("", _conditions(base), _conditions(run)))


def _conditions(manifest: Manifest) -> dict[str, Any]:
    scenario = manifest.scenario
    return {
        "scenario": scenario.model_dump(mode="json", exclude=_APART) if scenario else None,
        "people": {}
        if scenario
        else {name: person.model_dump(mode="json") for name, person in manifest.people.items()},
        **manifest.model_dump(mode="json", include={"scale", "limit", "poll", "tolerance", "simulated", "audit"}),
    }


def _differing(path: str, base: Any, run: Any) -> Iterator[str]:
    if isinstance(base, dict) and isinstance(run, dict):
        for key in sorted({*base, *run}):
            yield from _differing(f"{path}.{key}".lstrip("."), base.get(key), run.get(key))
    elif isinstance(base, list) and isinstance(run, list) and len(base) == len(run):
        for number, (one, other) in enumerate(zip(base, run, strict=True)):
            yield from _differing(f"{path}.{number}", one, other)
    elif base != run:
        yield f"{path}: {_short(base)} → {_short(run)}"


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
