"""Opens two sessions and closes one: the other is forgotten by an early return. Argument: idle timeout (s)."""

import json
import os
import sys
import urllib.request


def call(name: str, **body: object) -> dict:
    """POST to the API."""
    request = urllib.request.Request(
        f"{os.environ['KONPRO_BASE_URL']}/v1/streaming.{name}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {os.environ['KONPRO_API_KEY']}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)["data"] or {}


def talk(timeout: float, text: str) -> None:
    """One conversation."""
    session_id = call("new", activity_idle_timeout=timeout)["session_id"]
    call("start", session_id=session_id)
    if not text:
        return
    call("task", session_id=session_id, text=text)
    call("stop", session_id=session_id)


timeout = float(sys.argv[1]) if len(sys.argv) > 1 else 30
talk(timeout, "Good morning")
talk(timeout, "")
