"""`streamsoak profiles`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from loadtests.cli.validation import validate

HELP = "List the profiles and scenarios, or validate files."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="profile or scenario to validate; every mistake is reported"
    )
    parser.add_argument("--schema", choices=("profile", "scenario"), help="print the JSON Schema for editors and exit")


def run(arguments: argparse.Namespace) -> int:
    """List the catalogue, or validate files."""
    if arguments.schema:
        return _print_schema(arguments.schema)
    return validate(arguments.files, _check) if arguments.files else _list()


def _print_schema(of: str) -> int:
    from loadtests.model.people.profile import Profile
    from loadtests.model.run.scenario import Scenario

    print(json.dumps((Profile if of == "profile" else Scenario).model_json_schema(), indent=2))
    return 0


def _check(file: Path) -> Iterable[str]:
    from loadtests.model.api.description.description import load_description
    from loadtests.model.people.profile import load_profile
    from loadtests.model.run.scenario import load_scenario
    from loadtests.model.text.toml import parse_toml
    from loadtests.scenarios.catalogue import folders, warn_of_former_words

    tables = parse_toml(file)
    if "stages" in tables:
        warn_of_former_words(load_scenario(file, (file.parent, file.parent.parent, *folders())))
    elif _is_api(tables):
        load_description(file)
    else:
        load_profile(file)
    return ()


def _is_api(tables: dict[str, Any]) -> bool:
    """Whether a file describes an API. A profile has a table `calls`, too, but only values in it."""
    calls = tables.get("calls")
    return isinstance(calls, dict) and any(isinstance(call, dict) for call in calls.values())


def _list() -> int:
    from loadtests.cli.table import Table, open_console, print_table
    from loadtests.model.text.units import format_duration
    from loadtests.model.text.wording import between
    from loadtests.scenarios.catalogue import load_profiles, named_scenario, profile_files, scenario_files

    profiles = Table(("profile", "model", "idle timeout", "about"), "Profiles")
    for profile in load_profiles(profile_files()).values():
        timeout = between(*profile.idle_timeout.bounds(), format_duration)
        profiles.add(profile.name, profile.arrivals.model, timeout, profile.about)
    scenarios = Table(("scenario", "duration", "limit", "about"), "Scenarios")
    for file in scenario_files():
        scenario = named_scenario(str(file))
        scenarios.add(scenario.name, format_duration(scenario.duration), str(scenario.limit or "–"), scenario.about)
    console = open_console()
    print_table(console, profiles)
    print_table(console, scenarios)
    return 0
