"""Opens tab.html in Chromium, with the API's address and a key in the page: one tab is hidden, one reloads, one is closed.

Argument: Chromium's path. The flags by which Chromium finds the proxy are in STREAMSOAK_BROWSER_ARGS.
"""

import os
import sys
import tempfile
import threading
from http.server import ThreadingHTTPServer

from browser import Browser, Seen, Server

API = "https://api.konpro.ai"
KEY = "key-in-the-page"


def use(browser: Browser, pages: str, seen: Seen) -> None:
    """Hides, reloads and closes; the last tab is shown again and closes its session."""
    options = f"api={API}&key={KEY}&timeout=600&every=500"
    hidden = browser.open(f"{pages}?hidden#{options}")
    seen.wait("/seen/keep_alive", 2, "?hidden")
    browser.open(f"{pages}?reloaded#{options}&reload=700&stop=700")
    seen.wait("/seen/hidden", 1, "?hidden")
    seen.wait("/seen/left", 1, "?reloaded")
    closed = browser.open(f"{pages}?closed#{options}")
    seen.wait("/seen/keep_alive", 1, "?closed")
    browser.close_tab(closed)
    browser.show(hidden)
    seen.wait("/seen/left", 1, "?hidden")


def main(path: str) -> None:
    """Run it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(path, folder, *os.environ["STREAMSOAK_BROWSER_ARGS"].split())
        try:
            use(browser, f"http://127.0.0.1:{server.server_port}/tab.html", Server.seen)
        finally:
            browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
