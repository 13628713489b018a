"""Scenarios: each describes one run, in a TOML file."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from loadtests.model.api.description.changes import ApiChanges
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription, load_description
from loadtests.model.api.rules import SESSION_CAP
from loadtests.model.gates.compared import Tolerances
from loadtests.model.gates.gates import GateText
from loadtests.model.people.profile import IDLE_RANGE, Name, Profile, build_profile, load_profile
from loadtests.model.run.adaptation import adapted
from loadtests.model.text.input_error import InputError, Mistake
from loadtests.model.text.suggestion import nearest
from loadtests.model.text.toml import parse_toml
from loadtests.model.text.units import Seconds, parse_rate
from loadtests.model.text.validation import from_pydantic

TIMEOUT = 10.0
"""The default timeout of a request, in seconds."""


class Load(BaseModel):
    """The load of one profile: arrivals a second (open model), or persons (closed)."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    amount: float = Field(ge=0, allow_inf_nan=False)
    is_rate: bool

    def __str__(self) -> str:
        if self.is_rate:
            return f"{self.amount * 60:g}/min"
        return f"{self.amount:g} {'user' if self.amount == 1 else 'users'}"


def _parse_load(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a load: a number of users (closed model) or a rate such as '30/min' (open model)")
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

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

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


def _kind_of_api(value: Any) -> str:
    is_description = isinstance(value, ApiDescription) or (isinstance(value, dict) and "calls" in value)
    return "description" if is_description else "changes"


Api = Annotated[
    Annotated[ApiDescription, Tag("description")] | Annotated[ApiChanges, Tag("changes")], Discriminator(_kind_of_api)
]


class Scenario(BaseModel):
    """One run: the load over time, the account's limit, the gates."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

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
    api: Api = ApiChanges()
    """The API: its description (in a file, a name or a file), or changes to the default one."""
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
    def description(self) -> ApiDescription:
        """The API's description."""
        return self.api if isinstance(self.api, ApiDescription) else self.api.applied(default_api())

    @property
    def duration(self) -> float:
        """The duration of all stages, in seconds."""
        return sum(stage.duration for stage in self.stages)


def load_scenario(
    path: Path,
    folders: tuple[Path, ...],
    changes: Mapping[str, str] | None = None,
    api: ApiDescription | None = None,
) -> Scenario:
    """Returns the scenario in `path` with all the profiles that it needs, each searched for in `folders` in turn.

    `changes` maps dotted paths of keys to values in TOML, which replace those of the file; `api` replaces the scenario's. Raises
    InputError with all mistakes in the scenario and its profiles.
    """
    tables = {"name": path.stem, **parse_toml(path)}
    for key, value in (changes or {}).items():
        _set(tables, key, value)
    own = tables.pop("profiles", {})
    mistakes: list[Mistake] = []
    _set_api(tables, api, path, folders)
    scenario: Scenario | None = None
    try:
        scenario = Scenario.model_validate(tables)
    except ValidationError as error:
        mistakes.extend(from_pydantic(path, error, Scenario).mistakes)
    if not isinstance(own, dict) or not all(isinstance(table, dict) for table in own.values()):
        raise InputError(
            [*mistakes, Mistake(str(path), "profiles", "must be tables, one for each profile: [profiles.NAME]")]
        )
    if scenario:
        scenario = scenario.model_copy(update=_of_api(scenario, tables))
    idle_range = _accepted_idle_timeouts(scenario)
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
    return scenario.model_copy(update={"profiles": adapted(profiles, scenario.description)})


def _set_api(tables: dict[str, Any], api: ApiDescription | None, path: Path, folders: tuple[Path, ...]) -> None:
    """Replaces the name of an API by its description."""
    if api is not None:
        tables["api"] = api
    elif isinstance(tables.get("api"), str):
        tables["api"] = find_api(tables["api"], folders, str(path), "api")


def _of_api(scenario: Scenario, tables: dict[str, Any]) -> dict[str, Any]:
    """Returns what the scenario leaves to its API: the accepted idle timeouts, the cap, and whether there is a list to poll."""
    api = scenario.description
    if api.list is None:
        return {**_limits_of(api, tables), "poll": 0.0}
    return _limits_of(api, tables)


def _limits_of(api: ApiDescription, tables: dict[str, Any]) -> dict[str, Any]:
    if api.is_default:
        return {}
    changes = {"idle_range": api.idle_timeout.range, "session_cap": api.session_cap}
    return {key: value for key, value in changes.items() if key not in tables}


def _accepted_idle_timeouts(scenario: Scenario | None) -> tuple[float, float]:
    if scenario is None:
        return IDLE_RANGE
    # What a profile asks for has no effect where the API sets the timeout.
    return (0.0, math.inf) if scenario.description.idle_timeout.set_by == "api" else scenario.idle_range


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
                problem = "must be a number of users: the profile is of the closed model"
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


def api_of(named: ApiDescription | None, scenario: Scenario | None) -> ApiDescription:
    """Returns the API of a run: the one that was named for it, else the scenario's, else the default one."""
    return named or (scenario.description if scenario else default_api())


def find_api(name: str, folders: tuple[Path, ...], where: str, key: str = "") -> ApiDescription:
    """Returns the description of that name or file; a name is searched in apis/ below each of `folders`. Raises InputError."""
    places = tuple(folder / "apis" for folder in folders)
    file = find(name, places)
    if file is None:
        known = ", ".join(sorted({found.stem for place in places for found in place.glob("*.toml")}))
        raise InputError.of(where, f"no API {name!r} (known: {known}); a file's path must end in .toml", key)
    return load_description(file)


def is_file(path: Path) -> bool:
    """Whether the file exists; False for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
