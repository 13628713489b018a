"""The locustfile with a run directory that cannot be measured."""

from pathlib import Path

import loadtests.run.run


def _cannot(folder: Path) -> int:
    raise PermissionError(f"cannot measure {folder}")


loadtests.run.run.used = _cannot

from loadtests.plugin.install import install  # noqa: E402 - after the function is replaced

globals().update(install())
