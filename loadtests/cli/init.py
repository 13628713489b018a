"""`streamsoak init`."""

from __future__ import annotations

import argparse
from pathlib import Path
from shlex import quote

from loadtests.cli.arguments import at_least
from loadtests.model.text.input_error import InputError

HELP = "Write a locustfile, a profile, a scenario with gates and a pipeline to start from. Overwrites nothing."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help=f"concurrency limit of your account, for the scenario (default: {_LIMIT})",
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="where (default: here)")


def run(arguments: argparse.Namespace) -> int:
    """Write the files, and print the next command."""
    from importlib.resources import files

    from loadtests.cli import starter

    folder: Path = arguments.folder
    texts = {name: files(starter).joinpath(source).read_text("utf-8") for name, source in _FILES.items()}
    at_least(1, "--limit", arguments.limit)
    if arguments.limit is not None:
        texts[_SCENARIO] = texts[_SCENARIO].replace(f"limit = {_LIMIT} ", f"limit = {arguments.limit} ")
    if present := [str(folder / name) for name in texts if (folder / name).exists()]:
        raise InputError.of("init", f"{', '.join(present)} already exists; nothing was written")
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"Wrote {path}")
    _print_next(folder, arguments.limit)
    return 0


def _print_next(folder: Path, limit: int | None) -> None:
    if limit is None:
        print(f"The scenario assumes a limit of {_LIMIT} sessions: set your account's in {folder / _SCENARIO}")
    enter = "" if folder == Path() else f"cd {quote(str(folder))} && "
    print(f"Next: {enter}streamsoak run {_NAME} --sandbox --headless")
    print(f"Then, on your API: streamsoak run {_NAME} --headless --host URL --max-open 10 --allow-leaks")
    print("In the web UI: locust")


_NAME = "soak"
_SCENARIO = f"profiles/scenarios/{_NAME}.toml"
_LIMIT = 20
"""Of the scenario in `starter`."""
_FILES = {
    "locustfile.py": "locustfile.py",
    "profiles/visitor.toml": "visitor.toml",
    _SCENARIO: "soak.toml",
    ".github/workflows/soak.yml": "soak.yml",
}
"""By the name under which it is written: the file in `starter`."""
