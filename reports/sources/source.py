"""Chooses the source of a log from its manifest."""

from __future__ import annotations

from collections.abc import Callable

from loadtests.model.run.manifest import Manifest
from reports.sources.audit import interpret_audit
from reports.sources.interpretation import Interpretation
from reports.sources.load_run import interpret_load_run
from reports.sources.measured import Measured
from reports.sources.recording import interpret_recording
from reports.sources.watch import interpret_watch


def interpreter_of(manifest: Manifest) -> Callable[[Measured], Interpretation]:
    """Returns what interprets a log with this manifest."""
    if manifest.watch:
        return interpret_watch
    if manifest.recording:
        return interpret_recording
    return interpret_audit if manifest.audit else interpret_load_run
