"""File systems that are full."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[], None]]:
    """A file system of four megabytes in `folder`; what is given fills it up."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "streamsoak-test", str(folder)], capture_output=True, timeout=15
    )
    if mounted.returncode:
        pytest.skip("NO MOUNTS: be root to run on a disk that is full")

    def fill() -> None:
        with (folder / "ballast").open("wb", buffering=0) as ballast:
            for size in (1 << 16, 512):
                with contextlib.suppress(OSError):
                    while ballast.write(bytes(size)):
                        pass

    try:
        yield fill
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=15)
