"""Misuses the API in many ways: a token for two sessions, wrong names of fields and calls, stops without effect."""

import contextlib
import json
import os
import urllib.error
import urllib.request
from typing import Any

_BASE, _KEY = os.environ["KONPRO_BASE_URL"], os.environ["KONPRO_API_KEY"]
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def send(path: str, body: object, secret: str = _KEY, method: str = "POST") -> dict[str, Any]:
    """A request; "" as secret: without one."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {secret}"} if secret else {})}
    request = urllib.request.Request(f"{_BASE}{path}", json.dumps(body).encode(), headers, method=method)
    try:
        with _OPENER.open(request, timeout=10) as answer:
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as refusal:
        return {"status": refusal.code, **json.loads(refusal.read())}


def main() -> None:
    """Run it."""
    token = send("/v1/streaming.create_token", {})["data"]["token"]
    first = send("/v1/streaming.new", {"activityIdleTimeout": 60}, token)["data"]["session_id"]
    assert send("/v1/streaming.new", {}, token)["status"] == 401
    assert send("/v1/streaming.task", {"session_id": first, "text": "Hello"}, token)["code"] == 100
    send("/v1/streaming.keep_alive", {"sessionId": first})
    close = send("/v1/streaming.close", {"session_id": first})
    print(close["message"])
    second = send("/v1/streaming.new", {"activity_idle_timeout": 60})["data"]["session_id"]
    assert send("/v1/streaming.start", {"session_id": second}, token)["status"] == 401
    send("//v1/streaming.task/", {"session_id": second, "text": "Hello"})
    assert send("/v1/streaming.stop", {"session_id": second}, "")["status"] == 401
    # Over TLS, which this address does not speak.
    with contextlib.suppress(OSError):
        _OPENER.open(_BASE.replace("http:", "https:"), timeout=10)


if __name__ == "__main__":
    main()
