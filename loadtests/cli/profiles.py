"""`streamsoak profiles`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

HELP = "List the profiles and scenarios, or validate files: all mistakes at once."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="profiles or scenarios to validate")
    parser.add_argument("--schema", choices=("profile", "scenario"), help="print the JSON Schema, for editors, and end")


def run(arguments: argparse.Namespace) -> int:
    """List, or validate."""
    if arguments.schema:
        return _print_schema(arguments.schema)
    return _validate(arguments.files) if arguments.files else _list()


def _print_schema(of: str) -> int:
    from loadtests.model.people.profile import Profile
    from loadtests.model.run.scenario import Scenario

    print(json.dumps((Profile if of == "profile" else Scenario).model_json_schema(), indent=2))
    return 0


def _validate(files: list[Path]) -> int:
    from loadtests.model.people.profile import load_profile, parse_toml
    from loadtests.model.run.scenario import load_scenario
    from loadtests.model.text.input_error import InputError, Mistake
    from loadtests.scenarios.catalogue import folders

    mistakes: list[Mistake] = []
    for file in files:
        try:
            if "stages" in parse_toml(file):
                load_scenario(file, (file.parent, file.parent.parent, *folders()))
            else:
                load_profile(file)
        except InputError as error:
            mistakes.extend(error.mistakes)
        else:
            print(f"{file}: good")
    if mistakes:
        raise InputError(mistakes)
    return 0


def _list() -> int:
    from rich.console import Console
    from rich.table import Table

    from loadtests.scenarios.catalogue import load_profiles, named_scenario, profile_files, scenario_files

    console = Console()
    profiles = Table(
        "profile", "model", "idle timeout", "about", title="Profiles: kinds of person", title_justify="left"
    )
    for profile in load_profiles(profile_files()).values():
        low, high = profile.idle_timeout.bounds()
        timeout = f"{low:g} s" if low == high else f"{low:g}–{high:g} s"
        profiles.add_row(profile.name, profile.arrivals.model, timeout, profile.about)
    scenarios = Table("scenario", "duration", "limit", "about", title="Scenarios: runs", title_justify="left")
    for file in scenario_files():
        scenario = named_scenario(str(file))
        scenarios.add_row(scenario.name, f"{scenario.duration:g} s", str(scenario.limit or "–"), scenario.about)
    console.print(profiles)
    console.print(scenarios)
    return 0
