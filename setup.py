"""Builds the wheel, in which everything is inside one package of our own name: `streamsoak.loadtests`, `streamsoak.reports`, ….

A wheel with the top-level packages `loadtests`, `reports` and `profiles` would break projects that have packages of these
names. All other settings are in pyproject.toml.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py

_PUBLIC = "streamsoak"
_FOLDERS = ("loadtests", "reports", "profiles")
_SOURCES = {_PUBLIC: f"loadtests/{_PUBLIC}"}
"""By package: its folder, where it is not the one of the package's name."""


def _installed(package: str) -> str:
    """Returns the name under which the wheel has a package of the repository."""
    return package if package == _PUBLIC else f"{_PUBLIC}.{package}"


def _packages() -> list[str]:
    found = find_namespace_packages(include=[pattern for folder in _FOLDERS for pattern in (folder, f"{folder}.*")])
    return [_PUBLIC, *(package for package in found if package != f"loadtests.{_PUBLIC}")]


def relocated(source: str) -> str:
    """Returns the source text of a module with its imports of our packages changed to their names in the wheel.

    Raises ValueError for `import loadtests.x` without `as`, which binds a top-level name.
    """
    lines = source.encode().splitlines(keepends=True)
    for node in sorted(_imports(ast.parse(source)), key=lambda node: (node.lineno, node.col_offset), reverse=True):
        if isinstance(node, ast.ImportFrom):
            place, name = (node.lineno, node.col_offset + len("from ")), str(node.module)
        else:
            place, name = (node.lineno, node.col_offset), node.name
            if node.asname is None:
                raise ValueError(f"line {node.lineno}: import {name} binds a top-level name: use `from … import`")
        line, column = lines[place[0] - 1], place[1]
        if not line[column:].startswith(name.encode()):
            raise ValueError(f"line {place[0]}: the import is not written in the usual way")
        lines[place[0] - 1] = line[:column] + f"{_PUBLIC}.".encode() + line[column:]
    return b"".join(lines).decode()


def _imports(tree: ast.AST) -> list[ast.ImportFrom | ast.alias]:
    """Returns the imports of our packages."""
    found: list[ast.ImportFrom | ast.alias] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_ours(str(node.module)):
            found.append(node)
        elif isinstance(node, ast.Import):
            found.extend(alias for alias in node.names if _is_ours(alias.name))
    return found


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in _FOLDERS


class BuildPy(build_py):
    """Copies the modules into the package of our name; an editable install leaves them where they are."""

    def finalize_options(self) -> None:
        """Renames the packages."""
        super().finalize_options()
        if self.editable_mode:
            return
        folders = {package: _SOURCES.get(package, package.replace(".", "/")) for package in self.packages}
        self.package_dir = {_installed(package): folder for package, folder in folders.items()}
        self.package_data = {_installed(package): files for package, files in self.package_data.items()}
        self.packages = [_installed(package) for package in self.packages]

    def run(self) -> None:
        """Builds from nothing: setuptools packs whatever an earlier build has left."""
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()

    def build_module(self, module: str, module_file: str, package: str) -> tuple[str, bool]:
        """Copies one module, with its imports changed."""
        outfile, copied = super().build_module(module, module_file, package)
        path = Path(outfile)
        path.write_text(relocated(path.read_text(encoding="utf-8")), encoding="utf-8")
        return outfile, copied


if __name__ == "__main__":
    setup(packages=_packages(), package_dir=_SOURCES, cmdclass={"build_py": BuildPy})
