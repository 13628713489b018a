"""Finds profiles and scenarios: first in `profiles/` of the working directory, then among the built-in ones."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from loadtests.model.api.description.description import ApiDescription
from loadtests.model.gates.window import WindowKind
from loadtests.model.people.profile import Profile, load_profile
from loadtests.model.run.scenario import Scenario, find, find_api, is_file, load_scenario
from loadtests.model.text.input_error import InputError, Mistake
from loadtests.model.text.suggestion import nearest, nearest_path

logger = logging.getLogger(__name__)

_BUILT_IN = Path(__file__).parents[2] / "profiles"


def folders() -> tuple[Path, ...]:
    """Returns the folders with profiles, the user's first."""
    own = Path("profiles")
    return (own, _BUILT_IN) if own.is_dir() and own.resolve() != _BUILT_IN.resolve() else (_BUILT_IN,)


def profile_files() -> list[Path]:
    """Returns the profile files, sorted by name; a user's file replaces a built-in one of the same name."""
    return _files("*.toml")


def scenario_files() -> list[Path]:
    """Returns the scenario files, sorted by name; a user's file replaces a built-in one of the same name."""
    return _files("scenarios/*.toml")


def own_scenario_files() -> list[Path]:
    """Returns the scenario files of the user's folder, sorted by name."""
    return [file for file in scenario_files() if _BUILT_IN.resolve() not in file.resolve().parents]


def load_profiles(files: Iterable[Path]) -> dict[str, Profile]:
    """Returns the profiles in `files`, by name. Raises InputError with the mistakes of all files."""
    profiles: dict[str, Profile] = {}
    mistakes: list[Mistake] = []
    for file in files:
        try:
            profile = load_profile(file)
        except InputError as error:
            mistakes.extend(error.mistakes)
        else:
            profiles[profile.name] = profile
    if mistakes:
        raise InputError(mistakes)
    return profiles


def api_files() -> list[Path]:
    """Returns the files of API descriptions, sorted by name; a user's file replaces a built-in one of the same name."""
    return _files("apis/*.toml")


def named_api(name: str) -> ApiDescription:
    """Loads the description of an API by name or file. Raises InputError."""
    return find_api(name, folders(), "--api")


def named_scenario(name: str, changes: Mapping[str, str] | None = None, api: str = "") -> Scenario:
    """Loads a scenario by name or file and applies `changes`, by dotted path; `api` replaces its API. Raises InputError."""
    file = _scenario_file(name)
    if file is None:
        raise InputError.of("--scenario", _missing(name))
    places = (file.parent, file.parent / "profiles", file.parent.parent, *folders())
    try:
        scenario = load_scenario(file, places, changes, named_api(api) if api else None)
    except InputError as error:
        raise InputError([_of_change(mistake, changes or {}) for mistake in error.mistakes]) from None
    warn_of_former_words(scenario)
    return scenario


def _of_change(mistake: Mistake, changes: Mapping[str, str]) -> Mistake:
    """Returns the mistake as one of --set if a change made it: the file is not to blame."""
    return replace(mistake, where="--set") if mistake.path in changes else mistake


def warn_of_former_words(scenario: Scenario) -> None:
    """Logs which gates have a word that a later version will not read."""
    for gate in scenario.gates:
        if gate.window and gate.window.kind is WindowKind.ANY and " any " in gate.text:
            new = gate.text.replace(" any ", " every ")
            logger.warning("Scenario %s: write %r: a later version will not read 'any'", scenario.name, new)


def _scenario_file(name: str) -> Path | None:
    # A path with folders names one file, and none of the same name elsewhere.
    places = () if Path(name).name != name else tuple(folder / "scenarios" for folder in folders())
    return find(name, places)


def _missing(name: str) -> str:
    path = Path(name)
    if is_file(path):
        return f"{name!r} is not a scenario: the file's name must end in .toml"
    known = [found.stem for found in scenario_files()]
    if path.is_dir():
        return f"{name!r} is a directory: name a scenario file in it"
    if path.name != name or path.suffix:
        return f"no file {name!r}{nearest_path(path, '.toml') or nearest(path.stem, known)}"
    return f"no scenario {name!r}{nearest(name, known)} (known: {', '.join(known)}; or a path that ends in .toml)"


def _files(pattern: str) -> list[Path]:
    found: dict[str, Path] = {}
    for folder in folders():
        for file in folder.glob(pattern):
            found.setdefault(file.stem, file)
    return [found[name] for name in sorted(found)]
