"""What all tests share: a clean environment, their order and grouping in a parallel run, golden files and the browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from .environment import CleanEnvironment
from .schedule import Durations, schedule

# Before any test module is imported: some read the environment when they are loaded.
_ENVIRONMENT = CleanEnvironment()

settings.register_profile("inner", max_examples=15, deadline=None)
settings.register_profile("quick", max_examples=30, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile("quick")

GOLDEN = Path(__file__).parent / "golden"
_OF_PROCESSES = frozenset({"integration", "torture"})
"""The folders of tests that start processes or a browser."""
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
    """`--update-golden` writes golden files anew, `--write-durations` the file that orders a parallel run."""
    parser.addoption("--update-golden", action="store_true", help="write golden files anew instead of comparing")
    parser.addoption("--write-durations", action="store_true", help="write tests/durations.txt after the run")


def pytest_configure(config: pytest.Config) -> None:
    """Measure the tests if that is asked for, in the process that hears of all of them."""
    if config.getoption("--write-durations") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Durations())


def pytest_unconfigure() -> None:
    """Remove the temporary HOME."""
    _ENVIRONMENT.close()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    """In a parallel run: long tests first, and tests that share a fixture in one process.

    A test of processes that fails beside the others runs a second time: on a machine that stalls for seconds one of hundreds may
    miss a bound. The last lines of the run name each such test as RERUN.
    """
    if config.getoption("hypothesis_profile", None) != "thorough" and not config.getoption("keyword"):
        _leave_out_further_cases(config, items)
    # A worker of a parallel run knows of the mode by this name only. A wrapper, to come before xdist, which reads the groups.
    if getattr(config.option, "loadgroup", False):
        schedule(items)
        for item in items:
            if _OF_PROCESSES & set(item.path.relative_to(config.rootpath).parts):
                item.add_marker(pytest.mark.flaky(reruns=1))
    yield


def _leave_out_further_cases(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests with the marker `thorough`. A test that is named on the command line, by -k, runs."""
    further = [item for item in items if item.get_closest_marker("thorough")]
    if further:
        config.hook.pytest_deselected(items=further)
        items[:] = [item for item in items if item not in further]


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


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """A browser for the tests of one module."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(_QUIET))
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page with cookies, cache and network state of its own; errors and warnings are in `page.complaints`."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900}, timezone_id="UTC")
    opened.complaints = []
    opened.on("console", lambda m: m.type in ("error", "warning") and opened.complaints.append(m.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    yield opened
    opened.close()
