"""The run itself: sandbox, Locust with two workers, a browser on the Sessions page; sampled until Locust ends."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from loadtests.sandbox.process import SandboxProcess
from tests.bench.drawing import browser
from tests.integration.crew import SANDBOX_HOST, Crew, Process, children, free_port, processes, wait_for

from .samples import EVERY_SECONDS, Sample, look

WORKERS = 2
_AT_THE_END = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING")
"""What a browser says when the server ends."""
_FILL_SHARE = 1 / 24
_STAY_SECONDS = 800.0
"""Mean length of a session: 15 minutes in each profile, less what the longest hour and lost sessions cut off."""
_TEMPLATE = Path(__file__).parent / "soak.toml"
_SESSIONS = {"INTERACTIVE": 57, "READING": 41, "LEAKY": 14, "BACKGROUND": 23, "QUIET": 296, "LIMIT": 2060}
"""Arrivals per minute, users, and limit, for 2,000 sessions of a quarter of an hour."""


@dataclass(frozen=True)
class Soaked:
    """A soak that has ended."""

    code: int
    folder: Path
    """The run directory."""
    truth: Path
    """What the sandbox wrote down."""
    samples: list[Sample]
    complaints: list[str]
    """Errors that the browser's console showed."""
    seconds: float
    """How long the load lasted, both stages."""

    @property
    def fill_seconds(self) -> float:
        """How long the first stage lasted."""
        return self.seconds * _FILL_SHARE


def scenario(sessions: int, seconds: float, path: Path) -> None:
    """Writes the scenario for so many sessions, which are all there after the first stage.

    With mean stay S, arrivals at rate r for t seconds leave r·S·(1 − exp(−t / S)) sessions open; r·S stay open in the long run.
    """
    fill = seconds * _FILL_SHARE
    faster = 1 / (1 - math.exp(-fill / _STAY_SECONDS))
    text = _TEMPLATE.read_text(encoding="utf-8").replace("FILL", f"{fill:g}").replace("HOLD", f"{seconds - fill:g}")
    for name, at_2000 in _SESSIONS.items():
        number = at_2000 * sessions / 2000
        text = text.replace(f"FIRST-{name}", f"{number * faster:.0f}").replace(name, f"{number:.0f}")
    path.write_text(text, encoding="utf-8")


def soak(sessions: int, minutes: float, folder: Path) -> Soaked:
    """One run in `folder`, which must be empty."""
    truth, file, port = folder / "truth.jsonl", folder / "soak.toml", free_port()
    scenario(sessions, minutes * 60, file)
    limit = f"{_SESSIONS['LIMIT'] * sessions / 2000:.0f}"
    # The truth is in the file: what the sandbox itself remembers would grow for hours.
    bounds = ("--limit", limit, "--remember", "1000")
    sandbox = SandboxProcess(["--host", SANDBOX_HOST, *bounds, "--log", str(truth)])
    try:
        with Crew(folder) as crew:
            how = ("--web-host", "127.0.0.1", "--web-port", str(port), "--autostart", "--autoquit", "5")
            what = ("--host", sandbox.url, "--scenario", str(file), *processes(WORKERS))
            master = crew.start("soak", *how, *what)
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: _begun(master, url), f"the run begins: {master.output}")
            samples, complaints = _watch(master, url, sandbox.pid, folder)
            return Soaked(master.end(), crew.run_folder("soak"), truth, samples, complaints, minutes * 60)
    finally:
        sandbox.close()


def _begun(master: Process, url: str) -> bool:
    assert master.process.poll() is None, master.output
    try:
        return bool(requests.get(f"{url}/sessions/api/state", timeout=10).json()["frame"])
    except requests.ConnectionError:
        return False


def _watch(master: Process, url: str, sandbox: int, folder: Path) -> tuple[list[Sample], list[str]]:
    """Keeps the page open, and looks at all processes, until Locust ends."""
    from playwright.sync_api import sync_playwright

    first, *others = children(master.process.pid)[:WORKERS]
    known = {"master": [master.process.pid], "worker 1": [first], "worker 2": others, "sandbox": [sandbox]}
    samples: list[Sample] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        page = window.new_page(viewport={"width": 1440, "height": 1000})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(f"{url}/sessions")
        tools = page.context.new_cdp_session(page)
        tools.send("Performance.enable")
        began = time.monotonic()
        while master.process.poll() is None:
            page.wait_for_timeout(EVERY_SECONDS * 1000)
            t = time.monotonic() - began
            samples += look(t, {**known, "browser": _browsers()})
            samples.append(Sample(t, "page", _heap(tools), 0, 0, 0))
            if len(samples) % 300 < 6:
                page.screenshot(path=folder / "sessions.png")
        return samples, [each for each in complaints if not any(error in each for error in _AT_THE_END)]


def _browsers() -> list[int]:
    return [one.pid for one in psutil.Process().children(recursive=True) if one.name().startswith("chrom")]


def _heap(tools: Any) -> float:
    """Bytes that the page's own script holds."""
    metrics: Mapping[str, Any] = tools.send("Performance.getMetrics")
    return next(float(one["value"]) for one in metrics["metrics"] if one["name"] == "JSHeapUsedSize")
