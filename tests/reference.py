"""`make reference`: writes docs/reference.md from the code: options, environment variables, the API for locustfiles."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from loadtests.cli.__main__ import SUBCOMMANDS, build_parser
from loadtests.model.api.operation import Operation
from loadtests.plugin.option_table import IN_FORM, OPTIONS, SCENARIO
from loadtests.plugin.users.visitor import Visitor

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference.md"
VARIABLES = {
    "STREAMSOAK_API_KEY": "the API key, of any API. Keys are read from the environment only",
    "KONPRO_API_KEY": (
        "the same, if neither `STREAMSOAK_API_KEY` nor a variable of the API's [description](apis.md) is set."
        " `streamsoak audit` and the pytest fixture set it"
    ),
    "STREAMSOAK_BASE_URL": "set by `streamsoak audit` and the pytest fixture: the sandbox's address, for the client to read",
    "KONPRO_BASE_URL": "the same",
    "STREAMSOAK_BROWSER_ARGS": "set by `streamsoak audit --intercept`: Chromium's flags for [a web page](audit.md#a-web-page)",
    "STREAMSOAK_INTERCEPT": "the same: settings of the scripts that are loaded into Node and Python, as JSON",
    "STREAMSOAK_SCENARIO": "the scenario of `locust`, if `--scenario` is not given",
    "STREAMSOAK_API": "the API of `locust` and `streamsoak run`, if `--api` is not given",
    "STREAMSOAK_CLIENT_CERT": "the client's certificate, if the API requires one: see [HTTP](http.md)",
    "STREAMSOAK_CLIENT_KEY": "its private key, if it is in a file of its own",
    "STREAMSOAK_ALERT": "set for the command of `streamsoak watch --on-alert`: the alert's name; see [watch](watch.md#alerts)",
    "STREAMSOAK_ALERT_STATE": "the same: `raised` or `resolved`",
    "STREAMSOAK_ALERT_TEXT": "the same: the alert in one sentence",
    "STREAMSOAK_ALERT_VALUE": "the same: the figure, in sessions or seconds",
    "STREAMSOAK_ALERT_THRESHOLD": "the same: the threshold, in the same unit",
    "STREAMSOAK_ALERT_HOST": "the same: the address of the API",
    "GITHUB_ACTIONS": "if `true`: findings and failed gates become annotations of the workflow",
    "GITHUB_STEP_SUMMARY": "file to which the verdict is added as Markdown; GitHub sets it",
    "COLUMNS": "width of tables and of the lines on a terminal (default: the terminal's)",
    "TERM": "if it is `dumb`, or not set, the progress of a run is not redrawn in place",
    "XDG_CACHE_HOME": "parent of the folder in which compiled charts are kept (default: `~/.cache`)",
}
"""Each environment variable that the code reads or sets, and its meaning."""
_HEAD = """# Reference

Written by `make reference` from the code: every option, environment variable and method for locustfiles.
[Commands and options](options.md) shows what they are for.
"""


def page() -> str:
    """Returns the text of docs/reference.md."""
    parts = (_HEAD, *_options(), *_subcommands(), *_variables(), *_locustfile())
    return "\n".join(parts)


def _options() -> Iterator[str]:
    yield "## Options of a run\n"
    yield (
        "streamsoak adds these to Locust's, for `streamsoak run` and for `locust` with our locustfile. `locust --help` lists\n"
        "Locust's. *Form*: also a field of the web UI. They may stand in `locust.conf` or `[tool.locust]` of `pyproject.toml`,\n"
        "without dashes.\n"
    )
    named = {"--scenario": (SCENARIO["help"], {**SCENARIO, "metavar": "NAME|FILE"}), **OPTIONS}
    rows = []
    for name, (about, settings) in named.items():
        value = settings.get("metavar") or "|".join(settings.get("choices", ()))
        form = "yes" if name in IN_FORM or name == "--scenario" else ""
        rows.append((f"`{name} {value}`".replace(" `", "`"), about, form))
    yield from _table(("option", "meaning", "form"), rows)


def _subcommands() -> Iterator[str]:
    yield "## Subcommands\n"
    yield "`streamsoak SUBCOMMAND --help` shows the same.\n"
    parser = build_parser()
    (chosen,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for name in SUBCOMMANDS:
        subcommand: argparse.ArgumentParser = chosen.choices[name]
        yield f"### streamsoak {name}\n"
        yield f"{subcommand.description}\n"
        if name == "run":
            yield "Then the [options of a run](#options-of-a-run), and Locust's.\n"
        yield from _arguments(name, subcommand)


def _arguments(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yields the table of the arguments, or one for each action of a subcommand that has several."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice, inner in action.choices.items():
                yield f"#### streamsoak {name} {choice}\n"
                yield f"{inner.description}\n"
                yield from _arguments(f"{name} {choice}", inner)
            return
    rows = [
        (f"`{_written(action)}`", _help(parser, action))
        for action in parser._actions
        if action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction)
    ]
    yield from _table(("argument", "meaning"), rows)


def _variables() -> Iterator[str]:
    yield "## Environment variables\n"
    yield "Locust reads one for each of its own options, for example `LOCUST_HOST`.\n"
    yield from _table(("variable", "meaning"), [(f"`{name}`", about) for name, about in VARIABLES.items()])


def _locustfile() -> Iterator[str]:
    yield "## The API for locustfiles\n"
    yield (
        "`from streamsoak.users import Behaviour, Operation, StreamingUser, Visitor, install`; see\n"
        "[your own locustfile](locustfile.md). `Behaviour` is the type that `visit` returns.\n"
    )
    yield f"- `install()`: {_docstring('install.py', 'install').partition(chr(10))[0]}\n"
    yield "### StreamingUser\n"
    yield f"{_docstring('users/user.py', 'StreamingUser')}\n"
    yield "### Visitor\n"
    yield f"{inspect.getdoc(Visitor)} Its methods are generators: without `yield from`, nothing happens.\n"
    rows = []
    for name, member in vars(Visitor).items():
        if not name.startswith("_"):
            text = (
                f"visitor.{name}" if isinstance(member, property) else f"yield from visitor.{name}{_parameters(member)}"
            )
            rows.append((f"`{text}`", _first_paragraph(member)))
    yield from _table(("member", "meaning"), rows)
    yield f"`Operation` names the calls of `visitor.call`: {', '.join(f'`{each.name}`' for each in Operation)}.\n"


def _docstring(module: str, name: str) -> str:
    """Returns the docstring of a class or function of the plugin, which is not imported: Locust would patch this process."""
    tree = ast.parse((ROOT / "loadtests" / "plugin" / module).read_text(encoding="utf-8"))
    (found,) = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name]
    return ast.get_docstring(found) or ""


def _parameters(method: Any) -> str:
    signature = inspect.signature(method)
    given = [parameter for name, parameter in signature.parameters.items() if name != "self"]
    return str(signature.replace(parameters=given, return_annotation=inspect.Signature.empty)).replace("'", "")


def _first_paragraph(member: Any) -> str:
    return re.sub(r"\s+", " ", (inspect.getdoc(member) or "").partition("\n\n")[0])


def _written(action: argparse.Action) -> str:
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else "")
    value = value if isinstance(value, str) else " ".join(value)
    if not action.option_strings:
        return value or action.dest
    takes_value = action.nargs != 0
    return (
        f"{', '.join(action.option_strings)} {value or action.dest.upper()}"
        if takes_value
        else ", ".join(action.option_strings)
    )


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    text = argparse.HelpFormatter(parser.prog)._expand_help(action)
    return "inject a defect (repeatable): see [defects](sandbox.md#defects)" if action.dest == "defect" else text


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        cells = (cell.replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""


def variables_in_code() -> set[str]:
    """Returns the environment variables that loadtests and reports name."""
    found = set()
    for path in (file for folder in ("loadtests", "reports") for file in (ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        read = {
            argument.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv")
            for argument in node.args[:1]
            if isinstance(argument, ast.Constant)
        }
        named = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and re.fullmatch(r"(KONPRO|STREAMSOAK)_[A-Z_]+", str(node.value))
        }
        found |= read | named
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Wrote {PAGE}")
