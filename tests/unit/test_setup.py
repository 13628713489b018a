"""How the wheel's modules get their imports (setup.py), and that nothing else names a module of ours."""

from __future__ import annotations

import ast
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

_ROOT = Path(__file__).parents[2]
_NAME = re.compile(r"(loadtests|reports)(\.[a-z_]+)*|profiles(\.[a-z_]+)+")


@pytest.fixture(scope="module")
def setup_file() -> ModuleType:
    """setup.py as a module."""
    spec = spec_from_file_location("streamsoak_setup", _ROOT / "setup.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "source",
    [
        "from @loadtests.cli import run\n",
        "\nimport @reports.build as é, @profiles as p\n",
        "if é:\n    from @loadtests import (\n        x,\n    )\n",
        '"é"; from @loadtests import x; from @reports import y',
        "from .loadtests import x\nfrom loadtestsx import y\n",
        'text = """\nfrom loadtests import x\n"""\n',
    ],
)
def test_imports_get_their_names_in_the_wheel(setup_file: ModuleType, source: str) -> None:
    """At each @, and nowhere else: not in texts, relative imports or imports of other packages."""
    assert setup_file.relocated(source.replace("@", "")) == source.replace("@", "streamsoak.")


@pytest.mark.parametrize("source", ["import loadtests.cli", "from   loadtests import x"])
def test_an_import_that_cannot_be_changed_stops_the_build(setup_file: ModuleType, source: str) -> None:
    """Instead of a wheel that does not work."""
    with pytest.raises(ValueError, match="line 1"):
        setup_file.relocated(source)


def test_no_text_names_a_module() -> None:
    """Names in texts are not changed: `__package__` is used instead."""
    found = {
        f"{path.relative_to(_ROOT)}:{node.lineno}: {node.value}"
        for folder in ("loadtests", "reports")
        for path in (_ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _names_a_module(node.value)
    }
    assert found == set()


def _names_a_module(text: str) -> bool:
    name = text.strip(".")
    path = _ROOT / name.replace(".", "/")
    return bool(_NAME.fullmatch(name)) and (path.is_dir() or path.with_suffix(".py").exists())
