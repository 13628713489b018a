"""Reports a verdict to the CI system that runs us."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.summary import Analysis


def announce(analysis: Analysis) -> None:
    """On GitHub, prints annotations and adds the summary to the job's page. Elsewhere does nothing."""
    from reports.output.annotation import annotation_lines
    from reports.output.markdown import markdown
    from reports.page.picture import mermaid

    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotation_lines(analysis):
            print(line, flush=True)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(page).open("a", encoding="utf-8") as file:
                file.write(markdown(analysis, mermaid(analysis)))
        except OSError as error:
            # The summary is a copy: failing to write it does not change the verdict.
            print(f"GITHUB_STEP_SUMMARY: {page} cannot be written ({error.strerror})", file=sys.stderr)
