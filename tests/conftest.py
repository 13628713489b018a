"""What all tests share: golden files, the browser, and a run of the real thing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parent / "golden"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes golden files anew."""
    parser.addoption("--update-golden", action="store_true", help="write golden files anew instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a file in tests/golden, or write that file."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} differs: `make golden` writes it anew"

    return compare


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path; without one, browser tests are skipped loudly (and fail where one is required)."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found:
        return found
    why = "NO BROWSER: install chromium to run the tests of the pages"
    if os.environ.get("STREAMSOAK_REQUIRE_BROWSER"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def page(chromium: str) -> Iterator[Any]:
    """A page in a browser that is offline, with what it complains about in `page.complaints`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_QUIET))
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.complaints = []
        opened.on("console", lambda m: m.type in ("error", "warning") and opened.complaints.append(m.text))
        opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
        yield opened
        browser.close()
