"""`streamsoak init`."""

from __future__ import annotations

import argparse
from pathlib import Path

from loadtests.model.text.input_error import InputError

HELP = "Write a locustfile, a profile, a scenario with gates and a pipeline to start from. Overwrites nothing."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="where (default: here)")


def run(arguments: argparse.Namespace) -> int:
    """Write the files, and print the next command."""
    from importlib.resources import files

    from loadtests.cli import starter

    folder: Path = arguments.folder
    texts = {name: files(starter).joinpath(source).read_text("utf-8") for name, source in _FILES.items()}
    if present := [str(folder / name) for name in texts if (folder / name).exists()]:
        raise InputError.of("init", f"{', '.join(present)} already exists; nothing was written")
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"Wrote {path}")
    scenario = folder / _SCENARIO
    print(f"Next: streamsoak run {scenario} --sandbox --headless")
    return 0


_SCENARIO = "soak.toml"
_FILES = {
    "locustfile.py": "locustfile.py",
    "profiles/visitor.toml": "visitor.toml",
    _SCENARIO: "soak.toml",
    ".github/workflows/soak.yml": "soak.yml",
}
"""By the name under which it is written: the file in `starter`."""
