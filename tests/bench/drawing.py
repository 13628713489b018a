"""How soon a page is drawn in a real browser: ours, and the report that Locust itself writes."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from .servers import sandbox

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_TIMES = 3
OURS = "window.drawn && window.drawn.length && Promise.all(window.drawn).then(() => performance.now())"
"""The moment at which every chart of a page of ours is there, in ms since it was asked for."""
_LOCUSTS = "document.querySelector('canvas, svg[class*=chart], .recharts-surface') && performance.now()"
_LOCUSTFILE = Path(__file__).parent / "locustfiles" / "fast_http_user.py"


def browser() -> str | None:
    """Where one is, if one is installed."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


def drawn(page: Path, condition: str = OURS) -> float:
    """Seconds from asking for the file `page` to the moment that `condition` tells; the median of some times."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser())
        times = []
        for _ in range(_TIMES):
            tab = window.new_page()
            tab.goto(page.as_uri())
            times.append(float(tab.wait_for_function(condition).json_value()) / 1000)
            tab.close()
        window.close()
    return statistics.median(times)


def locusts_own() -> tuple[float, int]:
    """The same of the report that `locust --html` writes, and its size in bytes."""
    with tempfile.TemporaryDirectory() as folder, sandbox() as server:
        page = Path(folder) / "locust.html"
        command = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), "--headless", "--only-summary", "-t", "3s"]
        command += ["-u", "4", "-r", "4", "--host", server.url, "--html", str(page)]
        environment = {"BENCH_RESULT": f"{folder}/result.json", "BENCH_WINDOWS": "60", "PATH": "/usr/bin:/bin"}
        subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
        return drawn(page, _LOCUSTS), page.stat().st_size
