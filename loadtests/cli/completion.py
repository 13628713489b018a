"""`streamsoak completion`."""

from __future__ import annotations

import argparse
from typing import Any

HELP = "Print a script with which bash, zsh or fish completes subcommands, options, scenarios and runs."
SHELLS = ("bash", "zsh", "fish")
_SETUP = """to load it in each new shell:
  bash  streamsoak completion bash > ~/.local/share/bash-completion/completions/streamsoak
  zsh   streamsoak completion zsh > DIR/_streamsoak, where DIR is in $fpath
  fish  streamsoak completion fish > ~/.config/fish/completions/streamsoak.fish"""
_FILES = frozenset({"FILE"})
_FOLDERS = frozenset({"DIR", "BASE"})


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _SETUP
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from loadtests.cli.__main__ import build_parser

    parser = build_parser()
    (chosen,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    _add_options_of_run(chosen.choices["run"])
    _complete_values(chosen)
    print(shtab.complete(parser, arguments.shell))
    return 0


def _complete_values(chosen: Any) -> None:
    """Adds what completes the values of all arguments of these subcommands, and of theirs."""
    for subcommand in chosen.choices.values():
        for action in subcommand._actions:
            if isinstance(action, argparse._SubParsersAction):
                _complete_values(action)
            elif (complete := _completion(action)) is not None:
                action.complete = complete


def _add_options_of_run(parser: argparse.ArgumentParser) -> None:
    """Declares Locust's options and ours, which `run` only passes on."""
    from loadtests.plugin.options import locust_parser

    (passed_on,) = [action for action in parser._actions if action.nargs == argparse.REMAINDER]
    parser._remove_action(passed_on)
    parser._positionals._group_actions.remove(passed_on)
    for action in locust_parser()._actions:
        known = not parser._option_string_actions.keys().isdisjoint(action.option_strings)
        # A scenario has its own place: SCENARIO.
        if action.option_strings and not known and action.help != argparse.SUPPRESS and action.dest != "scenario":
            parser._add_action(action)


def _completion(action: argparse.Action) -> Any:
    """Returns what completes an argument's value, in the words of shtab; None: nothing, or its choices."""
    import shtab

    if action.metavar == "SCENARIO":
        return _scenarios()
    if action.metavar == "RUN":
        return _RUNS
    if action.metavar in _FILES or action.metavar == "<filename>":
        return shtab.FILE
    return shtab.DIRECTORY if action.metavar in _FOLDERS else None


_RUNS = {
    "bash": "_streamsoak_runs",
    "zsh": "_streamsoak_runs",
    "fish": "(printf '%s\\n' latest; ls runs 2>/dev/null; __fish_complete_directories)",
    "preamble": {
        "bash": '_streamsoak_runs() { compgen -W "latest $(ls runs 2>/dev/null)" -- "$1"; compgen -d -- "$1"; }',
        "zsh": "_streamsoak_runs() { _alternative 'names:run:(latest)' 'directories:run:_files -/' }",
    },
}


def _scenarios() -> dict[str, Any]:
    """The names of the scenarios when the script was printed, and files."""
    from loadtests.scenarios.catalogue import scenario_files

    names = " ".join(file.stem for file in scenario_files())
    return {
        "bash": "_streamsoak_scenarios",
        "zsh": "_streamsoak_scenarios",
        "fish": f"(printf '%s\\n' {names}; __fish_complete_suffix .toml)",
        "preamble": {
            "bash": f'_streamsoak_scenarios() {{ compgen -W "{names}" -- "$1"; compgen -f -X "!*.toml" -- "$1"; }}',
            "zsh": f"_streamsoak_scenarios() {{ _alternative 'names:scenario:({names})' 'files:file:_files -g \"*.toml\"' }}",
        },
    }
