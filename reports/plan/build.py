"""From runs to their plan: plan.json and plan.html."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from reports.build import plain
from reports.page.library import library
from reports.plan.plan import CapacityPlan, PlanOptions
from reports.plan.planning import build_plan

PAGE, FIGURES = "plan.html", "plan.json"


def write_plan(folders: Sequence[Path], into: Path, options: PlanOptions) -> CapacityPlan:
    """Write both files into the directory `into`. Raises InputError if a folder is no run, the runs are not of one account, or
    nothing can be written there.
    """
    from reports.plan.page import render

    with library() as script:
        plan = build_plan(folders, options)
        _write(into / FIGURES, json.dumps(figures(plan), indent=1) + "\n")
        _write(into / PAGE, render(plan, script()))
    return plan


def figures(plan: CapacityPlan) -> dict[str, Any]:
    """What plan.json holds."""
    return dict(plain(asdict(plan)))


def schema() -> dict[str, Any]:
    """The JSON Schema of plan.json."""
    return TypeAdapter(CapacityPlan).json_schema()


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise InputError.of("--out", f"{path} cannot be written: {error.strerror}", code=EXIT_UNAVAILABLE) from None
