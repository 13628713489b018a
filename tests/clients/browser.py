"""Opens tab.html in Chromium: one tab is hidden, one reloads itself twice, one is closed.

Arguments: Chromium's path; a file for what was seen, by the system's monotonic clock, which is Chromium's; for how long the tab
stays hidden when the others are gone (s); its idle timeout (s).
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GRACE_SECONDS = 8
"""How long the tab is hidden before its timers come once a minute, instead of five minutes."""
EVERY_SECONDS = 2.0
_MINUTE = 60.0
_CLOSE_SECONDS = 2.0
_PAGE = Path(__file__).with_name("tab.html")
_CHROMIUM = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
    f"--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/{GRACE_SECONDS}",
)


class Seen:
    """What the server saw, and when."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, str, str]] = []
        self._changed = threading.Condition()

    def add(self, path: str, page: str) -> None:
        """Notes a request of a page."""
        with self._changed:
            self.rows.append((time.monotonic(), path, page))
            self._changed.notify_all()

    def wait(self, path: str, number: int = 1, page: str = "") -> float:
        """Waits for so many requests of a path; returns when the last of them came."""
        found: list[float] = []

        def enough() -> bool:
            found[:] = [at for at, asked, by in self.rows if asked == path and page in by]
            return len(found) >= number

        with self._changed:
            if not self._changed.wait_for(enough, timeout=60):
                raise TimeoutError(f"{path} did not come: {self.rows[-20:]}")
        return found[number - 1]


class Server(BaseHTTPRequestHandler):
    """The page's own server: passes calls on to the API, with the key."""

    protocol_version = "HTTP/1.1"
    seen = Seen()

    def do_GET(self) -> None:
        """The page, and what it tells of itself."""
        path = self.path.partition("?")[0]
        if path.startswith("/seen/"):
            self.seen.add(path, self._page())
            self._answer(200, b"{}", "application/json")
        elif path == "/tab.html":
            self._answer(200, _PAGE.read_bytes(), "text/html")
        else:
            self._answer(404, b"", "text/plain")

    def do_POST(self) -> None:
        """A call of the API."""
        self.seen.add(self.path, self._page())
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = urllib.request.Request(
            os.environ["KONPRO_BASE_URL"] + self.path,
            body,
            {"Authorization": f"Bearer {os.environ['KONPRO_API_KEY']}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                self._answer(answer.status, answer.read(), "application/json")
        except urllib.error.HTTPError as refusal:
            self._answer(refusal.code, refusal.read(), "application/json")

    def handle(self) -> None:
        """A browser that ends resets its connections."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, *about: object) -> None:
        """Says nothing."""

    def _page(self) -> str:
        return self.headers.get("Referer", "")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Browser:
    """Chromium, by its debugging port: opens tabs, brings them to the front, and closes them."""

    def __init__(self, path: str, folder: str, *flags: str) -> None:
        self._process = subprocess.Popen(
            [path, *_CHROMIUM, *flags, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        line = next(line for line in self._process.stderr if "DevTools listening on" in line)
        self._address = "http://" + line.partition("ws://")[2].partition("/")[0]
        threading.Thread(target=self._process.stderr.read, daemon=True).start()

    def open(self, address: str) -> str:
        """Opens a tab in front of the others; returns its id."""
        tab = json.loads(self._call("PUT", f"/json/new?{urllib.parse.quote(address, safe='')}"))["id"]
        self.show(tab)
        return str(tab)

    def show(self, tab: str) -> None:
        """Brings a tab to the front."""
        self._call("GET", f"/json/activate/{tab}")

    def close_tab(self, tab: str) -> None:
        """Closes a tab."""
        self._call("GET", f"/json/close/{tab}")

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()

    def _call(self, method: str, path: str) -> bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(self._address + path, method=method), timeout=10) as answer:
            return bytes(answer.read())


def use(browser: Browser, pages: str, seen: Seen, seconds: float, timeout: int) -> dict[str, object]:
    """Hides, reloads and closes; returns what was seen of the hidden tab."""
    keep_alive, new = "/v1/streaming.keep_alive", "/v1/streaming.new"
    hidden = browser.open(f"{pages}?hidden#timeout={timeout}&every={EVERY_SECONDS * 1000:.0f}")
    # Timers of a nesting level below five are never throttled to a minute.
    seen.wait(keep_alive, 4, "?hidden")
    browser.open(f"{pages}?reloaded#timeout=600&every=1000&reload=1500&stop=1500")
    hidden_at = seen.wait("/seen/hidden", 1, "?hidden")
    seen.wait("/seen/left", 1, "?reloaded")
    closed = browser.open(f"{pages}?closed#timeout=600&every=1000")
    seen.wait(keep_alive, 1, "?closed")
    browser.close_tab(closed)
    until = time.monotonic() + seconds
    # Not close to a whole minute: it would be chance whether the page wakes before it is shown.
    if (until + _CLOSE_SECONDS) % _MINUTE < 2 * _CLOSE_SECONDS:
        until += 2 * _CLOSE_SECONDS
    time.sleep(until - time.monotonic())
    browser.show(hidden)
    visible_at = seen.wait("/seen/visible", 1, "?hidden")
    seen.wait("/seen/left", 1, "?hidden")
    mine = [(at, path) for at, path, page in seen.rows if "?hidden" in page]
    return {
        "hidden": hidden_at,
        "visible": visible_at,
        "new": next(at for at, path in mine if path == new),
        "keep_alives": [at for at, path in mine if path == keep_alive],
    }


def main(path: str, told: str, seconds: float, timeout: int) -> None:
    """Run it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(path, folder)
        try:
            pages = f"http://127.0.0.1:{server.server_port}/tab.html"
            Path(told).write_text(json.dumps(use(browser, pages, Server.seen, seconds, timeout)), encoding="utf-8")
        finally:
            browser.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
