"""Opens page.html in Chromium: one tab is closed, one page stops its session, one page has the API key itself.

Arguments: Chromium's path; a file for what the pages saw.
"""

import json
import os
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path

from browser import Browser, Seen
from browser import Server as Pages

_PAGE = Path(__file__).with_name("page.html")
_BASE, _KEY = os.environ["KONPRO_BASE_URL"], os.environ["KONPRO_API_KEY"]


class Server(Pages):
    """The page's own server: it has the key, and gives the page a token."""

    seen = Seen()
    told: list[str] = []

    def do_GET(self) -> None:  # noqa: N802 - the base class calls it so
        """The page, or a token."""
        if self.path == "/token":
            self._answer(200, _token().encode(), "text/plain")
        elif self.path == "/page.html":
            self._answer(200, _PAGE.read_bytes(), "text/html")
        else:
            self._answer(404, b"", "text/plain")

    def do_POST(self) -> None:  # noqa: N802
        """What a page saw."""
        self.told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.seen.add(self.path, "")
        self._answer(200, b"{}", "application/json")


def _token() -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{_BASE}/v1/streaming.create_token", b"", {"x-api-key": _KEY})
    with opener.open(request, timeout=10) as answer:
        return str(json.loads(answer.read())["data"]["token"])


def main(path: str, told: str) -> None:
    """Run it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(path, folder)
        try:
            for number, more in enumerate(({"leave": "1"}, {}, {"key": _KEY}), start=1):
                options = urllib.parse.urlencode({"base": _BASE, **more})
                tab = browser.open(f"http://127.0.0.1:{server.server_port}/page.html#{options}")
                Server.seen.wait("/seen/done", number)
                browser.close_tab(tab)
        finally:
            browser.close()
    Path(told).write_text(f"[{','.join(Server.told)}]", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
