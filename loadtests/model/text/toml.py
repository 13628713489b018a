"""Reads TOML files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from loadtests.model.text.input_error import InputError
from loadtests.model.text.suggestion import nearest_path


def parse_toml(path: Path) -> dict[str, Any]:
    """Returns the tables of a TOML file. Raises InputError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError.of(path, f"no such file{nearest_path(path, '.toml')}") from None
    except OSError as error:
        raise InputError.of(path, f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError.of(
            path, f"is not UTF-8 text: byte {error.start:,} is 0x{error.object[error.start]:02x}"
        ) from None
    except (ValueError, RecursionError) as error:
        # ValueError: invalid TOML, and numbers with more digits than Python reads.
        raise InputError.of(path, f"is not TOML: {error}") from None
