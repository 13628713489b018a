"""`streamsoak apis`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from loadtests.cli.validation import validate

HELP = "List the APIs that are described, or validate description files."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="description to validate; every mistake is reported"
    )
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema for editors and exit")


def run(arguments: argparse.Namespace) -> int:
    """List the descriptions, or validate files."""
    from loadtests.model.api.description.description import ApiDescription

    if arguments.schema:
        print(json.dumps(ApiDescription.model_json_schema(), indent=2))
        return 0
    return validate(arguments.files, _check) if arguments.files else _list()


def _check(file: Path) -> Iterable[str]:
    from loadtests.model.api.description.description import load_description
    from loadtests.model.run.adaptation import limits_of

    return limits_of(load_description(file))


def _list() -> int:
    from loadtests.cli.table import Table, open_console, print_table
    from loadtests.http.key import key_variables
    from loadtests.model.api.operation import Operation
    from loadtests.model.text.units import format_duration
    from loadtests.model.text.wording import between
    from loadtests.scenarios.catalogue import api_files, named_api

    table = Table(("api", "list", "keep-alive", "idle timeout", "key"), "APIs")
    for file in api_files():
        api = named_api(str(file))
        low, high = api.idle_timeout.range
        timeout = between(low, high, format_duration)
        has = ["yes" if api.has(operation) else "no" for operation in (Operation.LIST, Operation.KEEP_ALIVE)]
        table.add(
            api.name,
            *has,
            timeout,
            " or ".join(key_variables(api)[1:-1]) or key_variables(api)[-1],
        )
    print_table(open_console(), table)
    return 0
