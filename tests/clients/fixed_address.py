"""A client that has the API's address and a key in its code. Arguments: the libraries to use, one after the other."""

import asyncio
import json
import subprocess
import sys

API = "https://api.konpro.ai/v1/streaming."
HEADERS = {"Authorization": "Bearer key-in-the-code", "Content-Type": "application/json"}


def by_urllib(call: str, body: dict) -> dict:
    """The standard library."""
    from urllib.request import Request, urlopen

    with urlopen(Request(API + call, json.dumps(body).encode(), HEADERS), timeout=10) as answer:
        return json.load(answer)


def by_requests(call: str, body: dict) -> dict:
    """Requests."""
    import requests

    return requests.post(API + call, json=body, headers=HEADERS, timeout=10).json()


def by_httpx(call: str, body: dict) -> dict:
    """Httpx."""
    import httpx

    return httpx.post(API + call, json=body, headers=HEADERS, timeout=10).json()


def by_aiohttp(call: str, body: dict) -> dict:
    """aiohttp, which heeds HTTPS_PROXY only if it is told to."""
    import aiohttp

    async def post() -> dict:
        async with (
            aiohttp.ClientSession() as http,
            http.post(API + call, json=body, headers=HEADERS) as answer,
        ):
            return await answer.json()

    return asyncio.run(post())


def by_curl(call: str, body: dict) -> dict:
    """Curl."""
    headers = [part for name, value in HEADERS.items() for part in ("-H", f"{name}: {value}")]
    command = ["curl", "-sS", "--max-time", "10", API + call, "-d", json.dumps(body), *headers]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


for library in sys.argv[1:]:
    post = globals()[f"by_{library}"]
    made = post("new", {"activity_idle_timeout": 600})
    print(library, post("stop", {"session_id": made["data"]["session_id"]})["message"], flush=True)
