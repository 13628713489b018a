"""Where profiles and scenarios are found: the user's own `profiles/` first, then the ones that come along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from loadtests.model.people.profile import Profile, load_profile
from loadtests.model.run.scenario import Scenario, find, load_scenario
from loadtests.model.text.input_error import InputError, Mistake

_OURS = Path(__file__).parents[2] / "profiles"


def folders() -> tuple[Path, ...]:
    """Folders with profiles, the user's first."""
    own = Path("profiles")
    return (own, _OURS) if own.is_dir() and own.resolve() != _OURS.resolve() else (_OURS,)


def profile_files() -> list[Path]:
    """Each profile that is found, by name; the user's hide ours of the same name."""
    found: dict[str, Path] = {}
    for folder in folders():
        for file in sorted(folder.glob("*.toml")):
            found.setdefault(file.stem, file)
    return [found[name] for name in sorted(found)]


def scenario_files() -> list[Path]:
    """Each scenario that is found, by name."""
    found: dict[str, Path] = {}
    for folder in folders():
        for file in sorted((folder / "scenarios").glob("*.toml")):
            found.setdefault(file.stem, file)
    return [found[name] for name in sorted(found)]


def load_profiles(files: Iterable[Path]) -> dict[str, Profile]:
    """The profiles in `files`, by name; raises InputError with the mistakes of all of them."""
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


def named_scenario(name: str, changes: Mapping[str, str] | None = None) -> Scenario:
    """The scenario of that name, or in that file, with `changes` by dotted path; raises InputError."""
    file = find(name, tuple(folder / "scenarios" for folder in folders()))
    if file is None:
        known = ", ".join(found.stem for found in scenario_files())
        raise InputError.of(
            "--scenario", f"no scenario {name!r}; there are: {known}; or give a path that ends in .toml"
        )
    return load_scenario(file, (file.parent, file.parent.parent, *folders()), changes)
