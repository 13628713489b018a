"""Writes the plan of runs: plan.json and plan.html."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from reports.build import plain
from reports.charts.renderer import Renderer
from reports.log.files import write_text
from reports.plan.page import render
from reports.plan.plan import CapacityPlan, PlanOptions
from reports.plan.planning import build_plan

PAGE, FIGURES = "plan.html", "plan.json"


def write_plan(folders: Sequence[Path], into: Path, options: PlanOptions) -> CapacityPlan:
    """Write both files into the directory `into`. Raises InputError if a folder is not a run, the runs are not of one account, or
    the directory cannot be written to.
    """
    with Renderer() as renderer:
        plan = build_plan(folders, options)
        _write(into / FIGURES, json.dumps(figures(plan), indent=1) + "\n")
        _write(into / PAGE, render(plan, renderer))
    return plan


def figures(plan: CapacityPlan) -> dict[str, Any]:
    """Return the content of plan.json."""
    return dict(plain(asdict(plan)))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of plan.json."""
    return TypeAdapter(CapacityPlan).json_schema()


def _write(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise InputError.of("--out", f"{path} cannot be written: {error.strerror}", code=EXIT_UNAVAILABLE) from None
