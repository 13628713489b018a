"""Compiles charts to Vega and draws pictures, in a process of its own; gives the library that draws the charts in a page.

Vega's compiler takes 0.3 s to start, during which the events are analysed. The library's text takes another second to build and
is kept in the user's cache directory, by the version of the package that it is built from.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

from markupsafe import Markup

from reports.charts.timechart import windowed
from reports.charts.vegalite import ROWS, Chart, Spec
from reports.log.files import write_text

_PROGRAM = """
import base64, json, sys
import vl_convert

ANSWERS = {
    "vega": vl_convert.vegalite_to_vega,
    "svg": vl_convert.vega_to_svg,
    "png": lambda svg: base64.b64encode(vl_convert.svg_to_png(svg, scale=2)).decode(),
    "library": lambda _: vl_convert.javascript_bundle(),
}
vl_convert.vegalite_to_vega({"mark": "point"})
for line in sys.stdin:
    kind, given = json.loads(line)
    try:
        answer = {"done": ANSWERS[kind](given)}
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"""


class RenderError(Exception):
    """A chart could not be compiled or drawn, or the library not built."""


class Renderer:
    """A context manager: the process runs within it."""

    def __init__(self, cache: Path | None = None) -> None:
        """`cache`: a directory for the library, the user's own if it is None."""
        self._cache = (cache or _user_cache()) / f"vega-{version('vl-convert-python')}.js"
        self._compiled: dict[str, Spec] = {}
        self._cached = ""
        self._is_building = False
        self._process: subprocess.Popen[str] | None = None
        self._why_not_started = ""

    def __enter__(self) -> Renderer:
        # In a session of its own: an interrupt from the terminal is handled here, not there.
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        except OSError as error:
            self._why_not_started = str(error)
            return self
        self._cached = _read_cache(self._cache)
        if not self._cached:
            # Read as soon as something else is needed of the process: until then it builds.
            self._send("library", None)
            self._is_building = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process:
            self._process.kill()
            with suppress(OSError):
                self._process.communicate()

    def compile(self, chart: Chart) -> Spec:
        """The chart in Vega, its rows included. Raises RenderError."""
        text = json.dumps(chart.spec, sort_keys=True)
        if text not in self._compiled:
            vega = self._ask("vega", chart.spec)
            self._compiled[text] = windowed(vega) if chart.is_over_time else vega
        vega = self._compiled[text]
        data = [{**data, "values": chart.rows} if data["name"] == ROWS else data for data in vega["data"]]
        return {**vega, "data": data}

    def svg(self, vega: Spec) -> str:
        """The picture of a chart in Vega. Raises RenderError."""
        return str(self._ask("svg", vega))

    def png(self, drawing: str) -> bytes:
        """An SVG as a PNG, at two pixels a unit. Raises RenderError."""
        return base64.b64decode(self._ask("png", drawing))

    @cached_property
    def library(self) -> Markup:
        """Vega with its companions, as the text of a script element. Raises RenderError."""
        self._finish_building()
        if not self._cached:
            self._keep(self._ask("library", None))
        # Within <script> nothing is escaped; only these two could end it, or change how it is read.
        return Markup(self._cached.replace("</script", "<\\/script").replace("<!--", "<\\!--"))

    def _ask(self, kind: str, given: Any) -> Any:
        self._finish_building()
        self._send(kind, given)
        return self._receive()

    def _finish_building(self) -> None:
        if self._is_building:
            self._is_building = False
            # If it failed, `library` asks again and says why.
            with suppress(RenderError):
                self._keep(self._receive())

    def _keep(self, script: str) -> None:
        self._cached = script
        _write_cache(self._cache, script)

    def _send(self, kind: str, given: Any) -> None:
        process = self._running()
        assert process.stdin
        try:
            process.stdin.write(json.dumps([kind, given]) + "\n")
            process.stdin.flush()
        except OSError as error:
            raise RenderError(f"the renderer ended: {error}") from None

    def _receive(self) -> Any:
        process = self._running()
        assert process.stdout
        line = process.stdout.readline()
        if not line.endswith("\n"):
            raise RenderError(f"the renderer ended with exit code {process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RenderError(answer["error"])
        return answer["done"]

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RenderError(f"the renderer could not be started: {self._why_not_started}")
        return self._process


def _user_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - never raises
    return Path(home) / "streamsoak"


def _read_cache(path: Path) -> str:
    """The library's text; "" if there is none, or if it is not what was written."""
    with suppress(OSError, ValueError):
        digest, _, script = path.read_bytes().decode().partition("\n")
        if digest == _digest(script):
            return script
    return ""


def _write_cache(path: Path, script: str) -> None:
    """If it cannot be written, the library is built again next time."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, f"{_digest(script)}\n{script}")


def _digest(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()
