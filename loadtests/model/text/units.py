"""Parses and formats durations, rates and sizes: "90s", "1.5m", "30/min", "2GB"."""

from __future__ import annotations

import contextlib
import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(KB|MB|GB|TB)")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?\s?(?:ms|min|s|m|h|d)\s?)+")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s?(ms|min|s|m|h|d)")
_RATE = re.compile(r"(\d+(?:\.\d+)?(?:e-?\d+)?)\s*/\s*(s|min|m|h)")


def parse_duration(value: Any) -> float:
    """Returns the seconds in "90s", "250ms", "1h30m" or a number. Raises ValueError with examples."""
    seconds = math.inf
    with contextlib.suppress(OverflowError):
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = float(value)
        elif isinstance(value, str) and _DURATION.fullmatch(text := value.strip()):
            seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    if math.isfinite(seconds):
        return seconds
    raise ValueError("must be a duration: a number of seconds, or for example '90s', '250ms', '5m', '1h30m'")


def read_duration(text: str) -> float:
    """Returns the seconds in a text that a user typed: "90", "90s", "1h30m". Raises ValueError with examples."""
    with contextlib.suppress(ValueError):
        return parse_duration(float(text))
    return parse_duration(text)


def read_share(text: str) -> float:
    """Returns the share in "30%" or "0.3". Raises ValueError with examples."""
    with contextlib.suppress(ValueError):
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if 0 <= share <= 1:
            return share
    raise ValueError("must be a share: 0 to 1, or for example '30%'")


def parse_rate(value: Any) -> float:
    """Returns the events a second in "30/min", "2/s" or "400/h". Raises ValueError with examples."""
    if isinstance(value, str) and (match := _RATE.fullmatch(value.strip())):
        rate = float(match[1]) / _SECONDS[match[2]]
        if math.isfinite(rate):
            return rate
    raise ValueError("must be a rate, for example '30/min', '2/s' or '400/h'")


def format_duration(seconds: float) -> str:
    """Formats seconds: "250 ms", "3.2 s", "2 min 5 s", "1 h 30 min"."""
    if seconds <= -1e-7:
        return "−" + format_duration(-seconds)
    if seconds < 0.9995:
        # Less than a nanosecond is none: three digits of it would be read as something.
        return f"{seconds * 1000:.3g} ms" if seconds >= 1e-7 else "0 ms"
    if seconds < 59.95:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest if not hours else 0, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def format_clock(seconds: float) -> str:
    """Seconds as a clock shows them: "01:43", "1:02:05"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def parse_size(text: str) -> int:
    """Returns the bytes in "500MB", "2GB" or "1.5 GB" (decimal units). Raises ValueError with examples."""
    match = _SIZE.fullmatch(text.strip())
    if not match or (size := round(float(match[1]) * _BYTES[match[2]])) < 1:
        raise ValueError("must be a size, for example '500MB' or '2GB'")
    return size


def format_size(size: float) -> str:
    """Formats bytes: "20 KB", "1.5 MB", "12 GB"."""
    unit = next((unit for unit, least in reversed(_BYTES.items()) if size >= 0.9995 * least), "KB")
    return f"{size / _BYTES[unit]:.3g} {unit}"


def _duration_or_number(value: Any) -> Any:
    # pydantic reports lists and tables itself, with the place in them.
    return parse_duration(value) if isinstance(value, str | int | float) else value


def _share_or_number(value: Any) -> Any:
    return read_share(value) if isinstance(value, str) else value


Share = Annotated[
    float,
    BeforeValidator(_share_or_number),
    Field(ge=0, le=1),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": "%$"}]}),
]
"""A share, 0 to 1; in a file also "30%"."""

Seconds = Annotated[
    float,
    BeforeValidator(_duration_or_number),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": _DURATION.pattern}]}),
]
"""A duration in seconds; in a file also "90s", "5m", "1h30m"."""

Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    PlainSerializer(lambda rate: f"{rate!r}/s", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _RATE.pattern}),
]
"""Events a second; in a file "30/min"."""
