"""Scenarios: each describes one run, in a TOML file."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from loadtests.model.api.rules import SESSION_CAP
from loadtests.model.api.surface import Surface
from loadtests.model.gates.compared import Tolerances
from loadtests.model.gates.gates import GateText
from loadtests.model.people.profile import IDLE_RANGE, Name, Profile, build_profile, load_profile, parse_toml
from loadtests.model.text.input_error import InputError, Mistake
from loadtests.model.text.suggestion import nearest
from loadtests.model.text.units import Seconds, parse_rate
from loadtests.model.text.validation import from_pydantic

TIMEOUT = 10.0
"""The default timeout of a request, in seconds."""


class Load(BaseModel):
    """The load of one profile: arrivals a second (open model), or persons (closed)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: float = Field(ge=0, allow_inf_nan=False)
    is_rate: bool


def _parse_load(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a load: a number of persons (closed model) or a rate such as '30/min' (open model)")
    if isinstance(value, int | float):
        return {"amount": value, "is_rate": False}
    return {"amount": parse_rate(value), "is_rate": True} if isinstance(value, str) else value


def _parse_cap(value: Any) -> Any:
    return None if value == "none" else value


SessionCap = Annotated[
    Annotated[Seconds, Field(gt=0)] | None,
    BeforeValidator(_parse_cap, json_schema_input_type=Seconds | Literal["none"] | None),
]
"""A duration, or "none"."""


class Stage(BaseModel):
    """A part of the run with one mix of persons."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    duration: Seconds = Field(gt=0)
    ramp: Seconds = Field(default=0.0, ge=0)
    """Time at the beginning of the stage in which the load changes linearly to this stage's load."""
    load: dict[Name, Annotated[Load, BeforeValidator(_parse_load)]]

    @model_validator(mode="after")
    def _ramp_fits(self) -> Self:
        if self.ramp > self.duration:
            raise ValueError(f"ramp ({self.ramp:g} s) must not be longer than the stage ({self.duration:g} s)")
        return self


class Scenario(BaseModel):
    """One run: the load over time, the account's limit, the gates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    about: str = ""
    limit: int | None = Field(default=None, ge=1)
    """The account's advertised limit of concurrent sessions."""
    idle_range: tuple[float, float] = IDLE_RANGE
    """Idle timeouts that the API accepts, in seconds."""
    session_cap: SessionCap = SESSION_CAP
    """The sandbox's cap on a session's duration, in seconds; None (in a file: "none"): no cap."""
    seed: int = Field(default=1, ge=0, lt=2**63)
    observe: Seconds = Field(default=60.0, ge=0)
    """How long the end of the run waits for leaks to be reaped, at most."""
    poll: Seconds = Field(default=1.0, ge=0)
    """Between two polls of the API's list; 0: never."""
    tolerance: Seconds = Field(default=1.0, gt=0)
    """How far from its due time the end of a session still counts as on time."""
    timeout: Seconds = Field(default=TIMEOUT, gt=0)
    """How long a request may take."""
    price_per_minute: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Price of one open session, in any currency."""
    stages: tuple[Stage, ...]
    gates: tuple[GateText, ...] = ()
    least_samples: int | None = Field(default=None, ge=1)
    """Values from which on a gate on a percentile may pass; None: 100 for p1 and p99, 20 for p5 and p95, 10 for p50."""
    findings: Literal["report", "fail"] = "report"
    """Whether a finding of severity *problem* is only reported beside the verdict, or fails a run that would have passed."""
    compare: Tolerances = Tolerances()
    """How much worse a run may be than the run it is compared with."""
    api: Surface = Surface()
    profiles: dict[Name, Profile] = {}
    """Every profile that the stages name. In a file: only what differs from the profile of the same name, or from the one
    named in `like`."""

    @field_validator("idle_range")
    @classmethod
    def _range_in_order(cls, idle_range: tuple[float, float]) -> tuple[float, float]:
        if not 0 < idle_range[0] <= idle_range[1] < math.inf:
            raise ValueError("must be [low, high] in seconds, for example [30, 3599]")
        return idle_range

    @field_validator("stages")
    @classmethod
    def _some_stages(cls, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        # Not by min_length: pydantic would also report no stages where one stage has a mistake.
        if not stages:
            raise ValueError("at least one stage is required: [[stages]]")
        return stages

    @property
    def duration(self) -> float:
        """The duration of all stages, in seconds."""
        return sum(stage.duration for stage in self.stages)


def load_scenario(path: Path, folders: tuple[Path, ...], changes: Mapping[str, str] | None = None) -> Scenario:
    """Returns the scenario in `path` with all the profiles that it needs, each searched for in `folders` in turn.

    `changes` maps dotted paths of keys to values in TOML, which replace those of the file. Raises InputError with all mistakes
    in the scenario and its profiles.
    """
    tables = {"name": path.stem, **parse_toml(path)}
    for key, value in (changes or {}).items():
        _set(tables, key, value)
    own = tables.pop("profiles", {})
    mistakes: list[Mistake] = []
    scenario: Scenario | None = None
    try:
        scenario = Scenario.model_validate(tables)
    except ValidationError as error:
        mistakes.extend(from_pydantic(path, error, Scenario).mistakes)
    if not isinstance(own, dict) or not all(isinstance(table, dict) for table in own.values()):
        raise InputError(
            [*mistakes, Mistake(str(path), "profiles", "must be tables, one for each profile: [profiles.NAME]")]
        )
    idle_range = scenario.idle_range if scenario else IDLE_RANGE
    names = _named_in_stages(tables)
    mistakes += [
        Mistake(str(path), f"profiles.{name}", "is not used by any stage") for name in own if name not in names
    ]
    profiles: dict[str, Profile] = {}
    for name in names:
        try:
            profiles[name] = _profile(path, name, dict(own.get(name, {})), folders, idle_range)
        except InputError as error:
            mistakes.extend(error.mistakes)
    if scenario:
        mistakes += _wrong_loads(path, scenario, profiles)
    if mistakes or not scenario:
        raise InputError(mistakes)
    return scenario.model_copy(update={"profiles": profiles})


def _set(tables: dict[str, Any], key: str, text: str) -> None:
    """Sets the value at `key`; a part that is a number is an index of a list, from 0."""
    *parts, last = key.split(".")
    place: Any = tables
    try:
        for part in parts:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        place[int(last) if isinstance(place, list) else last] = _toml_value(text)
    except (ValueError, IndexError, TypeError, AttributeError):
        raise InputError.of(
            "--set", f"{key!r} is not a key; write for example limit=10 or stages.0.duration='5m'"
        ) from None


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _named_in_stages(tables: dict[str, Any]) -> list[str]:
    """Returns the profiles that the stages name, even if other keys have mistakes."""
    stages = tables.get("stages")
    loads = [stage.get("load") for stage in stages if isinstance(stage, dict)] if isinstance(stages, list) else []
    return list(dict.fromkeys(name for load in loads if isinstance(load, dict) for name in load))


def _wrong_loads(path: Path, scenario: Scenario, profiles: dict[str, Profile]) -> Iterator[Mistake]:
    for number, stage in enumerate(scenario.stages):
        for name, load in stage.load.items():
            if name not in profiles or load.is_rate == (profiles[name].arrivals.model == "open"):
                continue
            if load.is_rate:
                problem = "must be a number of persons: the profile is of the closed model"
            else:
                problem = f"must be a rate such as '30/min': the profile is of the open model (is {load.amount:g})"
            yield Mistake(str(path), f"stages.{number}.load.{name}", problem)


def _profile(
    path: Path, name: str, changes: dict[str, Any], folders: tuple[Path, ...], idle_range: tuple[float, float]
) -> Profile:
    is_named, base = "like" in changes, changes.pop("like", name)
    file = find(str(base), folders)
    if file is None and (is_named or "session_length" not in changes):
        known = sorted({found.stem for folder in folders for found in folder.glob("*.toml")})
        message = f"no profile {base!r}{nearest(str(base), known)} (available profiles: {', '.join(known)})"
        raise InputError.of(path, message, f"profiles.{name}")
    if not changes and file:
        return load_profile(file, idle_range).model_copy(update={"name": name})
    tables = parse_toml(file) if file else {}
    merged = {**_merge(tables, changes), "name": name}
    return build_profile(f"{path}: profiles.{name}", merged, file.parent if file else path.parent, idle_range)


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    # A distribution is replaced as a whole: parameters of two kinds must not be mixed.
    merged = dict(base)
    for key, value in changes.items():
        inner: Any = merged.get(key)
        both_tables = isinstance(inner, dict) and isinstance(value, dict)
        if both_tables and "kind" not in value and "kind" not in inner:
            merged[key] = _merge(inner, value)
        else:
            merged[key] = value
    return merged


def find(name: str, folders: tuple[Path, ...]) -> Path | None:
    """Returns the file of that name: a path that ends in .toml, or NAME.toml in the first of `folders` that has it."""
    files = [folder / name for folder in (Path(), *folders)] if name.endswith(".toml") else []
    files += [folder / f"{name}.toml" for folder in folders]
    return next(filter(is_file, files), None)


def is_file(path: Path) -> bool:
    """Whether the file exists; False for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
