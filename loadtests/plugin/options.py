"""Declares our options. Locust's own options keep their meaning."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from locust import argument_parser, events

from loadtests.model.people.profile import Profile
from loadtests.model.run.scenario import Scenario, find, is_file
from loadtests.model.text.input_error import InputError
from loadtests.model.text.suggestion import nearest_path
from loadtests.plugin.option_table import IN_FORM, NO_SCENARIO, OPTIONS, SCENARIO, STAGES, USERS
from loadtests.plugin.usage import check_usage
from loadtests.scenarios.catalogue import load_profiles, named_scenario, profile_files, scenario_files


@dataclass(frozen=True)
class People:
    """The profiles that a run may use, known when the locustfile is loaded: Locust needs its User classes then."""

    profiles: dict[str, Profile]
    scenario: Scenario | None


def add_options(parser: argparse.ArgumentParser, **_: object) -> None:
    """Declares our options; Locust calls this each time it parses the command line."""
    # Locust listens on every interface by default, and its UI accepts a POST from anyone.
    parser.set_defaults(web_host="127.0.0.1", class_picker=True)
    check_usage(parser)
    for name, (about, settings) in OPTIONS.items():
        parser.add_argument(name, help=about, include_in_web_ui=name in IN_FORM, **settings)
    known = [NO_SCENARIO, *(file.stem for file in scenario_files())]
    parser.add_argument("--scenario", choices=_Suggested(known), metavar="NAME|FILE", **SCENARIO)


class _Suggested(list[str]):
    """Choices that a form offers; other values are valid too, since a scenario may be a file."""

    def __contains__(self, _: object) -> bool:
        return True


def locust_parser() -> argparse.ArgumentParser:
    """Returns Locust's parser with our options, which Locust then has too."""
    events.init_command_line_parser.add_listener(add_options)
    parser: argparse.ArgumentParser = argument_parser.get_parser()
    return parser


def read_people(arguments: Sequence[str] | None = None) -> People:
    """Loads the profiles and the scenario that the options name. Raises InputError with every mistake."""
    options, _ = locust_parser().parse_known_args(arguments)
    own = load_profiles(map(_own_profile, options.profile_file))
    if not options.scenario or options.scenario == NO_SCENARIO:
        profiles = {**load_profiles(profile_files()), **own}
        return People(profiles, None)
    scenario = named_scenario(options.scenario, api=options.api)
    if unused := [name for name in own if name not in scenario.profiles and options.load == STAGES]:
        message = f"{unused[0]!r} is in no stage of the scenario {scenario.name}: name it there, or use --load {USERS}"
        raise InputError.of("--profile-file", message)
    return People({**own, **scenario.profiles}, scenario)


def _own_profile(name: str) -> Path:
    path = find(name, (Path(),)) if name.endswith(".toml") else Path(name)
    if path is None or not is_file(path):
        raise InputError.of("--profile-file", f"no file {name!r}{nearest_path(Path(name), '.toml')}")
    return path
