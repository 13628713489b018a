"""Writes a fit: profiles, a scenario, fit.json and fit.html. Nothing that exists is overwritten unless it is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.model.people.profile import IDLE_RANGE
from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from reports.build import plain
from reports.charts.renderer import Renderer
from reports.fit.fitting import Fit
from reports.fit.page import render
from reports.fit.profile_file import profile_of, profile_text
from reports.fit.scenario_file import scenario_text
from reports.log.files import write_text

PAGE, FIGURES = "fit.html", "fit.json"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_NAME = 50


@dataclass(frozen=True)
class Targets:
    """Where to write; None: not at all."""

    profile: Path | None
    scenario: Path | None
    into: Path
    """The directory of the page and the figures."""
    force: bool = False
    """Whether files are overwritten."""


def check_targets(targets: Targets) -> None:
    """Raises InputError if a file has no usable name, or exists."""
    for option, path in (("--output", targets.profile), ("--scenario", targets.scenario)):
        if path is None:
            continue
        if path.suffix != ".toml":
            raise InputError.of(option, f"must be a file that ends in .toml (is {path})")
        if not _NAME.fullmatch(path.stem) or len(path.stem) > _LONGEST_NAME:
            raise InputError.of(
                option,
                f"{path.name}: the name must be of lower case letters, digits and single hyphens, and at most"
                f" {_LONGEST_NAME} characters, for example mine.toml",
            )
        _check_free([path], targets)


def write_fit(fit: Fit, targets: Targets) -> list[Path]:
    """Writes all files and returns those of profiles and the scenario. Raises InputError if one exists or cannot be written."""
    texts: dict[Path, str] = {}
    if targets.profile:
        for person in fit.people:
            profile_of(person, fit.logs)
            texts[targets.profile.with_name(f"{person.name}.toml")] = profile_text(person, fit.logs)
    if targets.scenario:
        texts[targets.scenario] = scenario_text(fit, IDLE_RANGE)
    _check_free(texts, targets)
    for path, text in texts.items():
        _write(path, text)
    _write(targets.into / FIGURES, json.dumps(figures(fit), indent=1) + "\n")
    with Renderer() as renderer:
        _write(targets.into / PAGE, render(fit, renderer, FIGURES))
    return list(texts)


def figures(fit: Fit) -> dict[str, Any]:
    """Returns the content of fit.json: all but the curves and the kind of each session."""
    return dict(plain(_without(asdict(fit), {"curve", "distribution", "kind_of_each"})))


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {str(key): _without(each, names) for key, each in value.items() if key not in names}
    return [_without(each, names) for each in value] if isinstance(value, list | tuple) else value


def _check_free(paths: Iterable[Path], targets: Targets) -> None:
    present = [str(path) for path in paths if path.exists()]
    if present and not targets.force:
        raise InputError.of(
            "--output", f"{', '.join(present)} already exists; nothing was written (--force overwrites it)"
        )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    except OSError as error:
        raise InputError.of(path, f"cannot be written: {error.strerror}", code=EXIT_UNAVAILABLE) from None
