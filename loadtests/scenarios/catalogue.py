"""Finds profiles and scenarios: first in `profiles/` of the working directory, then among the built-in ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from loadtests.model.api.description.description import ApiDescription
from loadtests.model.people.profile import Profile, load_profile
from loadtests.model.run.scenario import Scenario, find, find_api, load_scenario
from loadtests.model.text.input_error import InputError, Mistake

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
    file = find(name, tuple(folder / "scenarios" for folder in folders()))
    if file is None:
        known = ", ".join(found.stem for found in scenario_files())
        raise InputError.of("--scenario", f"no scenario {name!r} (known: {known}); a file's path must end in .toml")
    places = (file.parent, file.parent / "profiles", file.parent.parent, *folders())
    return load_scenario(file, places, changes, named_api(api) if api else None)


def _files(pattern: str) -> list[Path]:
    found: dict[str, Path] = {}
    for folder in folders():
        for file in folder.glob(pattern):
            found.setdefault(file.stem, file)
    return [found[name] for name in sorted(found)]
