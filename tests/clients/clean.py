"""Opens a session, sends a task and a keep-alive, and closes the session whatever happens. Argument: idle timeout (s)."""

import os
import sys

import requests


def main() -> None:
    """Talk for a moment."""
    http = requests.Session()
    http.trust_env = False
    http.headers["Authorization"] = f"Bearer {os.environ['KONPRO_API_KEY']}"

    def call(name: str, **body: object) -> dict:
        answer = http.post(f"{os.environ['KONPRO_BASE_URL']}/v1/streaming.{name}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()["data"]

    timeout = float(sys.argv[1]) if len(sys.argv) > 1 else 30
    session_id = call("new", activity_idle_timeout=timeout)["session_id"]
    try:
        call("start", session_id=session_id)
        call("task", session_id=session_id, text="Good morning")
        call("keep_alive", session_id=session_id)
    finally:
        call("stop", session_id=session_id)


main()
