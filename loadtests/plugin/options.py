"""Our options beside Locust's own, which all keep their meaning."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locust import argument_parser, events

from loadtests.model.people.profile import Profile
from loadtests.model.run.scenario import Scenario, find, is_file
from loadtests.model.text.input_error import InputError
from loadtests.scenarios.catalogue import load_profiles, named_scenario, profile_files, scenario_files


@dataclass(frozen=True)
class People:
    """Who may come: known when the locustfile is loaded, since Locust wants its user classes then."""

    profiles: dict[str, Profile]
    scenario: Scenario | None


def add_options(parser: argparse.ArgumentParser, **_: object) -> None:
    """Declare our options; Locust calls this each time that it parses."""
    # Locust's own default is every interface, and its UI takes a POST from anybody.
    parser.set_defaults(web_host="127.0.0.1", class_picker=True)
    for name, (about, settings) in _OPTIONS.items():
        parser.add_argument(name, help=about, include_in_web_ui=name in _IN_FORM, **settings)
    known = [NO_SCENARIO, *(file.stem for file in scenario_files())]
    parser.add_argument("--scenario", choices=_Suggested(known), metavar="NAME|FILE", **_SCENARIO)


class _Suggested(list[str]):
    """What a form offers; any other word is taken all the same: a scenario may be a file of one's own."""

    def __contains__(self, _: object) -> bool:
        return True


NO_SCENARIO = "none"
STAGES, USERS = "stages", "users"
"""What a run's load is made of."""

_SCENARIO: dict[str, Any] = {
    "help": "a scenario's name or file: who comes when, the account's limit, the gates",
    "default": "",
    "env_var": "STREAMSOAK_SCENARIO",
}
_IN_FORM = frozenset(
    {
        "--load",
        "--limit",
        "--observe",
        "--seed",
        "--allow-leaks",
        "--max-open",
        "--max-session-minutes",
        "--shared-account",
        "--rehearse-guards",
    }
)
"""Fields of the web UI's start form, `--scenario` beside them."""
_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "--load": (
        "with a scenario: its stages, or users, rate and time as given",
        {"choices": [STAGES, USERS], "default": STAGES},
    ),
    "--profile-file": (
        "a profile of your own beside those in profiles/ (repeatable)",
        {"action": "append", "default": [], "metavar": "FILE"},
    ),
    "--sandbox": ("start the sandbox and use it as the host", {"action": "store_true"}),
    "--sandbox-log": (
        "with --sandbox: where the sandbox writes what really happened",
        {"default": "", "metavar": "FILE"},
    ),
    "--defect": (
        "with --sandbox: a way in which it goes wrong (repeatable; streamsoak sandbox --help tells them)",
        {"action": "append", "default": [], "metavar": "NAME[=VALUE]"},
    ),
    "--run-dir": ("each run gets a directory of its own in here (default: runs)", {"default": "runs"}),
    "--limit": ("the account's advertised limit (and the sandbox's)", {"type": int, "metavar": "N"}),
    "--observe": ("watch leaks for at most so many seconds at the end", {"type": float, "metavar": "S"}),
    "--allow-leaks": ("on a real account: people may leave sessions open", {"action": "store_true"}),
    "--max-open": (
        "never have more sessions open than so many; mandatory on a real account",
        {"type": int, "metavar": "N"},
    ),
    "--max-session-minutes": (
        "end the run when its sessions have been open for so many minutes, all together",
        {"type": float, "metavar": "N"},
    ),
    "--max-disk": (
        "end the run when its directory takes so much, such as 500MB or 2GB",
        {"default": "", "metavar": "SIZE"},
    ),
    "--metrics-port": (
        "headless: metrics for Prometheus on this port of this machine; with the web UI they are at its /metrics",
        {"type": int, "metavar": "PORT"},
    ),
    "--shared-account": ("go on although the account has sessions that are not ours", {"action": "store_true"}),
    "--rehearse-guards": ("hold to the guards of real accounts on this machine too", {"action": "store_true"}),
    "--seed": ("of everything random (default: the scenario's)", {"type": int, "metavar": "N"}),
}


def read_people(arguments: Sequence[str] | None = None) -> People:
    """The profiles and the scenario that the options name; raises InputError with every mistake."""
    events.init_command_line_parser.add_listener(add_options)
    options, _ = argument_parser.get_parser().parse_known_args(arguments)
    if options.scenario and options.scenario != NO_SCENARIO:
        scenario = named_scenario(options.scenario)
        return People(dict(scenario.profiles), scenario)
    return People(load_profiles([*profile_files(), *map(_own_profile, options.profile_file)]), None)


def _own_profile(name: str) -> Path:
    path = find(name, (Path(),)) if name.endswith(".toml") else Path(name)
    if path is None or not is_file(path):
        raise InputError.of("--profile-file", f"no file {name!r}")
    return path
