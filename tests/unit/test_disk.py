"""What a run writes: sizes as people write them, a run that does not fit, and what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.model.text.input_error import EXIT_MISTAKE, EXIT_UNAVAILABLE, InputError
from loadtests.model.text.units import format_size, parse_size
from loadtests.recording.disk import REPORT_BYTES, DiskNeed, free, used


@pytest.mark.parametrize(
    ("text", "size"), [("500MB", 500_000_000), ("2 GB", 2_000_000_000), ("1.5GB", 1_500_000_000), ("10KB", 10_000)]
)
def test_a_size_is_read_as_it_is_written(text: str, size: int) -> None:
    """And said again."""
    assert parse_size(text) == size
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize("text", ["", "500", "500mb", "-1GB", "0GB", "0.00001KB", "many", "1e3MB", "NaNGB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(ValueError, match="500MB"):
        parse_size(text)


def test_a_run_that_fits_may_start(tmp_path: Path) -> None:
    """Also where its directory is not there yet."""
    need = DiskNeed.of(1000, 10)
    assert 70_000 < need.running < 80_000
    need.require_room(tmp_path / "not" / "yet", max_disk=100_000)


def test_a_run_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    """By what it may take: the user's mistake. By what there is: something needed is not there."""
    with pytest.raises(InputError, match=r"--max-disk: is 50 KB, but the run is expected to write 73\.4 KB") as told:
        DiskNeed.of(1000, 10).require_room(tmp_path, max_disk=50_000)
    assert told.value.code == EXIT_MISTAKE
    with pytest.raises(InputError, match=r"--run-dir: .* has .*B left, but the run is expected to write") as told:
        DiskNeed.of(free(tmp_path) / 70, 10).require_room(tmp_path, max_disk=None)
    assert told.value.code == EXIT_UNAVAILABLE


def test_the_report_needs_room_as_well(tmp_path: Path) -> None:
    """The log once more, sorted."""
    need = DiskNeed.of(1e6, 0)
    assert need.report > need.running + REPORT_BYTES


def test_what_is_used_is_the_sum_over_all_files(tmp_path: Path) -> None:
    """Spools below it among them."""
    (tmp_path / "spool").mkdir()
    (tmp_path / "events.arrow").write_bytes(b"x" * 100)
    (tmp_path / "spool" / "events-w1.arrow").write_bytes(b"x" * 11)
    assert used(tmp_path) == 111
