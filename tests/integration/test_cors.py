"""The sandbox answers pages of other origins, and takes requests in the forms that clients give them."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from loadtests.sandbox.process import SandboxProcess

BOUND = 15.0
ORIGIN = "http://localhost:3000"
NEW = "/v1/streaming.new"


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """The address of a sandbox that takes the key `right` alone, and whose account has no room."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KONPRO_API_KEY", "right")
        process = SandboxProcess(["--limit=1", "--retry-after=7s"])
    headers = {"Authorization": "Bearer right"}
    assert requests.post(f"{process.url}{NEW}", headers=headers, timeout=BOUND).status_code == 200
    yield process.url
    process.close()


def _send(url: str, method: str, path: str = NEW, **headers: str) -> requests.Response:
    with requests.Session() as http:
        http.trust_env = False
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return http.request(method, f"{url}{path}", headers=named, timeout=BOUND)


def test_a_preflight_needs_no_key(shared: str) -> None:
    """Any origin, method and header is allowed, with credentials; also for a path that the API does not have."""
    for path in (NEW, "/v1/streaming.close"):
        said = _send(
            shared,
            "OPTIONS",
            path,
            Origin=ORIGIN,
            Access_Control_Request_Method="POST",
            Access_Control_Request_Headers="authorization,content-type,x-mine",
            Access_Control_Request_Private_Network="true",
        )
        assert (said.status_code, said.content) == (204, b"")
        assert said.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert said.headers["Access-Control-Allow-Credentials"] == "true"
        assert "POST" in said.headers["Access-Control-Allow-Methods"]
        assert said.headers["Access-Control-Allow-Headers"] == "authorization,content-type,x-mine"
        assert said.headers["Access-Control-Allow-Private-Network"] == "true"
        assert said.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [(NEW, "right", 429), (NEW, "wrong", 401), ("/v1/streaming.close", "right", 404), ("/openapi.json", "", 404)],
)
def test_refusals_can_be_read_by_a_page(shared: str, path: str, key: str, status: int) -> None:
    """An answer without these headers is an error without a word in a page."""
    said = _send(shared, "POST", path, Origin=ORIGIN, Authorization=f"Bearer {key}")
    assert said.status_code == (status if key else 401)
    assert said.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Retry-After" in said.headers["Access-Control-Expose-Headers"]
    assert (said.headers.get("Retry-After") == "7") == (status == 429)


def test_who_is_no_page_gets_no_such_header(shared: str) -> None:
    """A client without an origin; a probe (OPTIONS) learns the methods."""
    assert not any(name.startswith("Access-Control") for name in _send(shared, "POST").headers)
    probe = _send(shared, "OPTIONS")
    assert (probe.status_code, probe.headers["Allow"]) == (204, "POST, OPTIONS")


_READS = """async ([url, credentials]) => {
  const answer = await fetch(url, { method: "POST", headers: { "x-api-key": "right" }, body: "{}", credentials });
  return [answer.status, answer.headers.get("Retry-After"), (await answer.json()).code];
}"""


def test_a_page_reads_when_to_try_again(page: Any, shared: str) -> None:
    """In Chromium, from another origin (localhost is not 127.0.0.1), with each credentials mode."""
    page.goto(f"{shared.replace('127.0.0.1', 'localhost')}/openapi.json")
    for credentials in ("omit", "include"):
        assert page.evaluate(_READS, [f"{shared}{NEW}", credentials]) == [429, "7", 10007]


def _raw(url: str, request: bytes) -> bytes:
    """The first part of the answer to these bytes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=BOUND) as connection:
        connection.sendall(request)
        return connection.recv(65536)


def _request(*headers: str, body: bytes = b"", length: bool = True) -> bytes:
    lines = [f"POST {NEW} HTTP/1.1", "hOsT: x", "AUTHORIZATION: bEARER right", *headers]
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("request_bytes", "status", "told"),
    [
        (_request("Content-Type: text/plain;charset=UTF-8", body=b"{}"), 429, b""),
        (_request("Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n\r\n", length=False), 429, b""),
        (_request("Expect: 100-continue", "Content-Length: 2", length=False), 100, b""),
        (_request("Content-Encoding: gzip", body=gzip.compress(b"{}")), 400, b"Content-Encoding: gzip"),
        (_request("Content-Type: application/x-www-form-urlencoded", body=b"a=b"), 400, b"x-www-form-urlencoded"),
        (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", 401, b""),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", 400, b""),
    ],
    ids=["text", "chunked", "continue", "gzip", "form", "head", "http2"],
)
def test_forms_of_requests(shared: str, request_bytes: bytes, status: int, told: bytes) -> None:
    """What HTTP allows is served; a body that is no JSON is refused with the header that says why."""
    said = _raw(shared, request_bytes)
    assert said.startswith(b"HTTP/1.1 %d " % status), said
    assert told in said


def test_a_token_opens_one_session(sandbox: Callable[..., SandboxProcess], monkeypatch: pytest.MonkeyPatch) -> None:
    """And is good for its calls: not for another session, not for a second `new`; a refused `new` does not use it up."""
    monkeypatch.setenv("KONPRO_API_KEY", "right")
    url = sandbox("--limit=1").url

    def post(call: str, secret: str, **body: str) -> Any:
        headers = {"Authorization": f"Bearer {secret}"}
        return requests.post(f"{url}/v1/streaming.{call}", json=body, headers=headers, timeout=BOUND)

    first, second = (post("create_token", "right").json()["data"]["token"] for _ in range(2))
    opened = post("new", first).json()["data"]["session_id"]
    assert post("new", second).status_code == 429
    assert post("start", first, session_id=opened).status_code == 200
    assert post("task", first, session_id="none", text="x").status_code == 404
    assert post("stop", first, session_id=opened).status_code == 200
    assert post("new", first).json()["code"] == 400112
    other = post("new", second).json()["data"]["session_id"]
    assert post("keep_alive", first, session_id=other).status_code == 401
    assert post("keep_alive", "right", session_id=other).status_code == 200
    assert post("stop", second, session_id=other).status_code == 200


def test_another_api_has_no_words_for_a_call_that_it_does_not_have(sandbox: Callable[..., SandboxProcess]) -> None:
    """Its 404 is not "session not found"."""
    url = sandbox("--api=liveavatar").url
    said = requests.post(f"{url}/v1/sessions/close", json={}, headers={"X-API-KEY": "any"}, timeout=BOUND)
    assert said.status_code == 404
    assert said.json()["message"] == "no such endpoint: POST /v1/sessions/close; did you mean POST /v1/sessions/stop?"
