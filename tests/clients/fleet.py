"""Many clients at a time, some of which forget their sessions: python fleet.py [URL] [--seconds 20] [--leaky 0.4] [--seed 1].

Each client opens a session, talks for a moment, keeps the session alive while its user reads, and closes it; a leaky one
returns early instead.
Whoever is refused waits and tries again. Without URL the address comes from KONPRO_BASE_URL; the key from KONPRO_API_KEY.
"""

import argparse
import os
import random
import threading
import time

import requests

PLACES = 12
"""Clients at a time."""
READING_SECONDS = 1.5
IDLE_TIMEOUT_SECONDS = 6
"""So short that the example shows in half a minute what takes hours elsewhere: the sandbox needs --idle-range 5:3599."""


def main() -> None:
    """Runs the clients until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", default=os.environ.get("KONPRO_BASE_URL"))
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--leaky", type=float, default=0.4, help="share of the conversations that are forgotten")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    end = time.monotonic() + asked.seconds
    threads = [
        threading.Thread(target=_client, args=(asked.url, random.Random(f"{asked.seed}/{place}"), asked.leaky, end))
        for place in range(PLACES)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _client(url: str, draw: random.Random, leaky: float, end: float) -> None:
    http = requests.Session()
    http.trust_env = False
    http.headers["Authorization"] = f"Bearer {os.environ.get('KONPRO_API_KEY', 'fleet')}"

    def call(name: str, **body: object) -> requests.Response:
        return http.post(f"{url}/v1/streaming.{name}", json=body, timeout=10)

    while time.monotonic() < end:
        time.sleep(draw.expovariate(1.0))
        answer = call("new", activity_idle_timeout=IDLE_TIMEOUT_SECONDS)
        if answer.status_code != 200:
            time.sleep(2.0)
            continue
        session_id = answer.json()["data"]["session_id"]
        call("start", session_id=session_id)
        for _ in range(draw.randint(1, 3)):
            time.sleep(draw.expovariate(2.0))
            call("task", session_id=session_id, text="Good morning")
        if draw.random() < leaky:
            continue
        for _ in range(draw.randint(1, 2)):
            time.sleep(READING_SECONDS)
            call("keep_alive", session_id=session_id)
        call("stop", session_id=session_id)


if __name__ == "__main__":
    main()
