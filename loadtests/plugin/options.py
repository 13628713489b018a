"""Declares our options. Locust's own options keep their meaning."""

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
    """The profiles that a run may use, known when the locustfile is loaded: Locust needs its User classes then."""

    profiles: dict[str, Profile]
    scenario: Scenario | None


def add_options(parser: argparse.ArgumentParser, **_: object) -> None:
    """Declares our options; Locust calls this each time it parses the command line."""
    # Locust listens on every interface by default, and its UI accepts a POST from anyone.
    parser.set_defaults(web_host="127.0.0.1", class_picker=True)
    for name, (about, settings) in _OPTIONS.items():
        parser.add_argument(name, help=about, include_in_web_ui=name in _IN_FORM, **settings)
    known = [NO_SCENARIO, *(file.stem for file in scenario_files())]
    parser.add_argument("--scenario", choices=_Suggested(known), metavar="NAME|FILE", **_SCENARIO)


class _Suggested(list[str]):
    """Choices that a form offers; other values are valid too, since a scenario may be a file."""

    def __contains__(self, _: object) -> bool:
        return True


NO_SCENARIO = "none"
STAGES, USERS = "stages", "users"
"""The values of --load."""

_SCENARIO: dict[str, Any] = {
    "help": "name or file of a scenario: load stages, concurrency limit, gates",
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
        "--real",
    }
)
"""Fields of the web UI's start form, besides `--scenario`."""
_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "--load": (
        "with a scenario: run its stages, or Locust's users, spawn rate and run time",
        {"choices": [STAGES, USERS], "default": STAGES},
    ),
    "--profile-file": (
        "additional profile (repeatable)",
        {"action": "append", "default": [], "metavar": "FILE"},
    ),
    "--sandbox": ("start the sandbox and use it as the host", {"action": "store_true"}),
    "--sandbox-log": (
        "with --sandbox: write each change of a session to FILE, as lines of JSON",
        {"default": "", "metavar": "FILE"},
    ),
    "--defect": (
        "with --sandbox: inject a defect (repeatable; see streamsoak sandbox --help)",
        {"action": "append", "default": [], "metavar": "NAME[=VALUE]"},
    ),
    "--run-dir": ("parent of the runs' directories (default: runs)", {"default": "runs"}),
    "--limit": ("concurrency limit of the account, and of the sandbox", {"type": int, "metavar": "N"}),
    "--observe": (
        "wait at most S seconds for leaks to be reaped at the end of the run",
        {"type": float, "metavar": "S"},
    ),
    "--allow-leaks": ("allow profiles that leave sessions open on a real account", {"action": "store_true"}),
    "--max-open": (
        "open at most N sessions at once; required on a real account",
        {"type": int, "metavar": "N"},
    ),
    "--max-session-minutes": (
        "end the run when its sessions have used N minutes in total",
        {"type": float, "metavar": "N"},
    ),
    "--max-disk": (
        "end the run when its directory reaches SIZE, for example 500MB or 2GB",
        {"default": "", "metavar": "SIZE"},
    ),
    "--metrics-port": (
        "serve Prometheus metrics on this port of this machine (the web UI serves them at /metrics)",
        {"type": int, "metavar": "PORT"},
    ),
    "--shared-account": ("allow sessions of others on the account", {"action": "store_true"}),
    "--real": (
        "the host costs money although it is on this machine: a port-forward, a tunnel or a proxy",
        {"action": "store_true"},
    ),
    "--rehearse-guards": ("apply the guards for real accounts on this machine too", {"action": "store_true"}),
    "--seed": ("random seed for the run (default: the scenario's)", {"type": int, "metavar": "N"}),
}


def read_people(arguments: Sequence[str] | None = None) -> People:
    """Loads the profiles and the scenario that the options name. Raises InputError with every mistake."""
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
