"""What the plan takes from the API's description: which idle timeouts sessions can have, and whether they can be kept alive."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.model.api.operation import Operation
from loadtests.model.run.manifest import Manifest
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between

_ABOUT_TIMEOUTS = "idle"
"""Guesses of a description with this word are about idle timeouts."""


@dataclass(frozen=True)
class PlannedApi:
    """The API of the runs."""

    name: str
    idle_range: tuple[float, float]
    """The shortest and the longest idle timeout of a session, in seconds."""
    is_fixed: bool
    """Whether the API sets the idle timeout, so that no client can ask for another."""
    has_keep_alive: bool
    guesses: tuple[str, ...]
    """What the description says of idle timeouts that is a guess."""


def api_of(manifest: Manifest) -> PlannedApi:
    """Return the API of a run, with the idle timeouts of its scenario if it has one."""
    found, scenario = manifest.description, manifest.scenario
    is_fixed = found.idle_timeout.set_by == "api"
    return PlannedApi(
        found.name,
        scenario.idle_range if scenario and not is_fixed else found.idle_timeout.range,
        is_fixed,
        found.has(Operation.KEEP_ALIVE),
        tuple(guess for guess in found.guessed if _ABOUT_TIMEOUTS in guess.lower()),
    )


def offers(api: PlannedApi) -> str:
    """Return which idle timeouts there are, as a sentence."""
    if api.is_fixed:
        said = f"{api.name} sets the idle timeout: {format_duration(api.idle_range[0])} for every session."
    else:
        said = f"Clients of {api.name} ask for an idle timeout of {between(*api.idle_range, format_duration)}."
    if not api.has_keep_alive:
        said += " It has no keep-alive."
    return f"{said} Its description guesses: {'; '.join(api.guesses)}." if api.guesses else said
