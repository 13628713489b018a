"""A file written in one step."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loadtests.recording.atomic_write import write_atomically


def test_it_replaces_the_content_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    """The file has the new content, and the directory nothing else."""
    path = tmp_path / "file.json"
    for data in (b"first and longer", b"second"):
        write_atomically(path, data)
        assert path.read_bytes() == data
    assert [file.name for file in tmp_path.iterdir()] == ["file.json"]


def test_the_old_content_is_readable_until_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment of the fsync the new content is in another file of the same directory."""
    path, seen = tmp_path / "file.json", list[bytes]()
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda file: seen.append(path.read_bytes()))
    write_atomically(path, b"new")
    assert (seen, path.read_bytes()) == ([b"old"], b"new")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """A full disk, say: the error is raised, the file is as before, and no temporary file stays."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(*(os, "fsync") if step == "fsync" else (Path, "replace"), fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file.json", b"old")]
