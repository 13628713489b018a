"""What keeps people from reading a page: axe-core's rules on contrast, names, roles and focus."""

from __future__ import annotations

from typing import Any


def serious(page: Any) -> dict[str, list[str]]:
    """By rule, the elements of `page` as it stands now that break it. What axe-core calls minor is taken seriously, too."""
    from axe_playwright_python.sync_playwright import Axe

    return {found["id"]: [node["html"] for node in found["nodes"]] for found in Axe().run(page).response["violations"]}
