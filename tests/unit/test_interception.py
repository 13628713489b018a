"""Interception: where requests are meant for, which hosts are reached, the program's variables, its certificates."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.audit.interception import describe
from loadtests.http.origin import Origin
from loadtests.interception.access import Access, Seen
from loadtests.interception.authority import Authority
from loadtests.interception.bundle import adding_bundle, replacing_bundle
from loadtests.interception.environment import exempting, intercepting
from loadtests.interception.policy import Passage, Policy, api_policy
from loadtests.interception.preload import sitecustomize
from loadtests.interception.preload.sitecustomize import redirecting
from loadtests.interception.request_reader import LARGEST_HEAD, RefusedError, RequestReader
from loadtests.interception.target import Target, connect_target, request_target
from loadtests.model.api.description.default import default_api
from loadtests.model.text.input_error import InputError

from .test_cli import streamsoak

_API = Policy(Origin.parse("https://api.konpro.ai"), ("cdn.example.com", "*.example.org"))
_ACCESS = Access("http://127.0.0.1:3128", 3129, "/tmp/a/trusted.pem", "/tmp/a/audit.pem", "PIN=")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("api.konpro.ai:443", Target("api.konpro.ai", 443, is_secure=True)),
        ("API.konpro.ai.:443", Target("api.konpro.ai", 443, is_secure=True)),
        ("[::1]:8443", Target("::1", 8443, is_secure=True)),
    ],
)
def test_the_target_of_connect(text: str, target: Target) -> None:
    """Host and port, in one form of writing."""
    assert connect_target(text) == target


@pytest.mark.parametrize(
    "text",
    ["", "host", "host:", "host:0", "host:65536", "host:4 43", "a@host:443", "http://host:443", "host:443/", ":443"],
)
def test_what_connect_does_not_take(text: str) -> None:
    """A port is required, and nothing but a host and a port."""
    with pytest.raises(ValueError, match="not valid"):
        connect_target(text)


@pytest.mark.parametrize(
    ("text", "host", "scheme", "target"),
    [
        ("https://Api.konpro.ai/v1/x?y=1#z", "other", "http", Target("api.konpro.ai", 443, "/v1/x?y=1", True)),
        ("http://api.konpro.ai", "", "http", Target("api.konpro.ai", 80, "/")),
        ("http://api.konpro.ai?y", "", "http", Target("api.konpro.ai", 80, "/?y")),
        ("/v1/x", "api.konpro.ai:8080", "http", Target("api.konpro.ai", 8080, "/v1/x")),
        ("/v1/x", "api.konpro.ai", "https", Target("api.konpro.ai", 443, "/v1/x", True)),
    ],
)
def test_the_target_of_a_request(text: str, host: str, scheme: str, target: Target) -> None:
    """A URL overrules the Host header (RFC 9112, section 3.2.2)."""
    assert request_target(text, host, scheme) == target


@pytest.mark.parametrize(
    ("text", "host"), [("*", "host"), ("/x", ""), ("/x", "a b"), ("http://u:p@host/", "host"), ("ftp://host/", "host")]
)
def test_what_no_request_has(text: str, host: str) -> None:
    """A target without a host, or with a user."""
    with pytest.raises(ValueError, match=r"not valid|neither"):
        request_target(text, host, "http")


@pytest.mark.parametrize(
    ("host", "port", "passage"),
    [
        ("api.konpro.ai", 443, Passage.SANDBOX),
        ("api.konpro.ai", 80, Passage.SANDBOX),
        ("api.konpro.ai", 22, Passage.REFUSED),
        ("www.konpro.ai", 443, Passage.REFUSED),
        ("cdn.example.com", 9000, Passage.ALLOWED),
        ("x.cdn.example.com", 443, Passage.REFUSED),
        ("a.b.example.org", 443, Passage.ALLOWED),
        ("example.org", 443, Passage.REFUSED),
        ("localhost", 80, Passage.REFUSED),
    ],
)
def test_which_hosts_are_reached(host: str, port: int, passage: Passage) -> None:
    """The API's from the sandbox, and those that are allowed."""
    assert _API.passage(Target(host, port)) is passage


def test_the_address_may_have_a_port_and_a_path() -> None:
    """The sandbox is asked for what follows the path."""
    policy = Policy(Origin.parse("http://gateway.example:8080/soak"), ("*",))
    assert (policy.plain_ports, policy.tls_ports) == ({80, 8080}, {443})
    assert policy.at_sandbox(Target("gateway.example", 8080, "/soak/v1/x?y")).path == "/v1/x?y"
    assert policy.at_sandbox(Target("gateway.example", 8080, "/soaked/v1")).path == "/soaked/v1"
    assert policy.passage(Target("anything.example", 1)) is Passage.ALLOWED


@pytest.mark.parametrize(
    ("base", "allowed", "says"),
    [
        ("", [], "--intercept"),
        ("api.konpro.ai", [], "--intercept"),
        ("https://api.konpro.ai", ["https://x.example"], "--allow-host"),
        ("https://api.konpro.ai", ["x.*"], "--allow-host"),
        ("https://api.konpro.ai", ["api.konpro.ai"], "--allow-host"),
    ],
)
def test_mistakes_name_the_option(base: str, allowed: list[str], says: str) -> None:
    """An API without an address, and a pattern that is none."""
    with pytest.raises(InputError, match=says):
        api_policy(default_api().model_copy(update={"base": base}), allowed)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--intercept", "--allow-host", "https://x.example"], "--allow-host: must be a host"),
        (["--allow-host", "x.example"], "--allow-host: needs --intercept"),
        (["--browser-args"], "--browser-args: needs --intercept"),
    ],
)
def test_mistakes_are_told_before_anything_runs(tmp_path: Path, options: list[str], says: str) -> None:
    """One message, exit code 64, no directory."""
    done = streamsoak("audit", *options, "--", "true", folder=tmp_path)
    assert (done.returncode, says in done.stderr) == (64, True), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_variables_of_a_program() -> None:
    """Proxy and certificates, in both cases; NO_PROXY and NODE_OPTIONS as far as they can be kept."""
    given = {
        "NODE_OPTIONS": "--max-old-space-size=500",
        "PYTHONPATH": "/mine",
        "NO_PROXY": "db.internal",
        "HTTPS_PROXY": "http://proxy.internal",
    }
    variables = intercepting(_ACCESS, _API, Path('/a "b"'), given)
    for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        assert variables[name] == "http://127.0.0.1:3128"
    assert variables["NO_PROXY"] == variables["no_proxy"] == "localhost,127.0.0.1,::1"
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "GIT_SSL_CAINFO"):
        assert variables[name] == "/tmp/a/trusted.pem"
    assert variables["NODE_EXTRA_CA_CERTS"] == "/tmp/a/audit.pem"
    assert variables["NODE_OPTIONS"] == r'--max-old-space-size=500 --require "/a \"b\"/preload.cjs"'
    assert variables["PYTHONPATH"] == '/a "b":/mine'
    assert json.loads(variables["STREAMSOAK_INTERCEPT"]) == {
        "host": "api.konpro.ai",
        "tls": {"443": 3129},
        "plain": {"80": 3128},
        "allowed": ["cdn.example.com", "*.example.org"],
    }
    proxy, pin = variables["STREAMSOAK_BROWSER_ARGS"].split()
    assert (proxy, pin) == ("--proxy-server=http://127.0.0.1:3128", "--ignore-certificate-errors-spki-list=PIN=")


def _resolve(host: object, port: object, **options: int) -> tuple[object, object]:
    """Returns what socket.getaddrinfo is asked for in an audited program in Python."""
    settings = intercepting(_ACCESS, _API, Path("/a"), {})["STREAMSOAK_INTERCEPT"]
    asked = redirecting(lambda host, port, *rest: (host, port), settings)(host, port, **options)
    return asked[0], asked[1]


@pytest.mark.parametrize(
    ("host", "port", "asked"),
    [
        ("api.konpro.ai", 443, ("127.0.0.1", 3129)),
        (b"API.konpro.ai.", "https", ("127.0.0.1", 3129)),
        ("api.konpro.ai", 80, ("127.0.0.1", 3128)),
        ("api.konpro.ai", None, ("127.0.0.1", None)),
        ("other.example", 443, ("127.0.0.1", 3129)),
        ("other.example", "80", ("127.0.0.1", 3128)),
        ("other.example", 5432, ("other.example", 5432)),
        ("cdn.example.com", 443, ("cdn.example.com", 443)),
        ("localhost", 80, ("localhost", 80)),
        (None, 80, (None, 80)),
    ],
)
def test_how_programs_in_python_resolve_names(host: object, port: object, asked: tuple[object, object]) -> None:
    """The API is never resolved to its own address; databases, and servers of this machine, are."""
    assert _resolve(host, port) == asked


def test_servers_in_python_listen_where_they_want() -> None:
    """AI_PASSIVE: the name is one of this machine's."""
    assert _resolve("my-machine", 443, flags=socket.AI_PASSIVE) == ("my-machine", 443)


def test_the_programs_own_sitecustomize_runs(tmp_path: Path) -> None:
    """Python itself runs only the first."""
    (tmp_path / "sitecustomize.py").write_text("import socket; print('mine', socket.getaddrinfo.__name__)")
    preload = Path(sitecustomize.__file__).parent
    for settings, name in ((intercepting(_ACCESS, _API, preload, {}), "redirected"), ({}, "getaddrinfo")):
        environment = {**settings, "PYTHONPATH": f"{preload}{os.pathsep}{tmp_path}"}
        done = subprocess.run([sys.executable, "-c", ""], capture_output=True, text=True, check=True, env=environment)
        assert (done.stdout, done.stderr) == (f"mine {name}\n", "")


@pytest.mark.parametrize(
    ("environment", "no_proxy"),
    [
        ({}, None),
        ({"NO_PROXY": "db.internal"}, None),
        ({"HTTP_PROXY": "http://proxy:1"}, "127.0.0.1"),
        ({"http_proxy": "http://proxy:1", "NO_PROXY": "db.internal, .corp"}, "db.internal,.corp,127.0.0.1"),
        ({"ALL_PROXY": "http://proxy:1", "NO_PROXY": "upper", "no_proxy": "lower"}, "lower,127.0.0.1"),
        ({"HTTPS_PROXY": "http://proxy:1", "no_proxy": "127.0.0.1"}, "127.0.0.1"),
        ({"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "*"}, "*"),
    ],
)
def test_the_sandbox_is_reached_without_the_users_proxy(environment: dict[str, str], no_proxy: str | None) -> None:
    """NO_PROXY keeps what it has, in both cases."""
    expected = {} if no_proxy is None else {"NO_PROXY": no_proxy, "no_proxy": no_proxy}
    assert exempting("http://127.0.0.1:4000", environment) == expected


def test_the_certificates_of_a_program(tmp_path: Path) -> None:
    """Those of this machine, the user's own files and folders, the audit's; each once."""
    mine, theirs, extra = (Authority().certificate for _ in range(3))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "own.pem").write_bytes(b"# Company\n" + theirs + theirs)
    (tmp_path / "extra.pem").write_bytes(extra)
    environment = {
        "REQUESTS_CA_BUNDLE": str(tmp_path / "folder"),
        "NODE_EXTRA_CA_CERTS": str(tmp_path / "extra.pem"),
        "SSL_CERT_FILE": "/nonexistent",
    }
    adding, replacing = adding_bundle(mine, environment), replacing_bundle(mine, environment)
    assert adding == mine + extra
    for certificate in (mine, theirs, extra):
        assert replacing.count(certificate.strip()) == 1
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=replacing.decode())
    assert len(context.get_ca_certs()) >= 10


def test_no_key_stays_in_a_file(tmp_path: Path) -> None:
    """OpenSSL has read the key of the host's certificate, and the file is gone."""
    Authority().server_context("api.konpro.ai", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


class Parts(asyncio.StreamReader):
    """A connection on which a client sends these parts, one after the other, and then nothing more."""

    def __init__(self, parts: tuple[bytes, ...], ends: bool) -> None:
        super().__init__()
        self._parts = list(parts)
        self._ends = ends

    async def read(self, n: int = -1) -> bytes:
        """The next part."""
        if not self._parts and not self._ends:
            await asyncio.Event().wait()
        return self._parts.pop(0) if self._parts else b""


def _read(
    *parts: bytes, largest: int | None = 100, seconds: float = 30.0, ends: bool = True
) -> list[tuple[str, bytes]]:
    """Returns the requests in what a client sends: their targets and bodies."""

    async def read() -> list[tuple[str, bytes]]:
        found = []
        requests = RequestReader(Parts(parts, ends), seconds)
        while (head := await requests.head()) is not None:
            body = [bytes(part.data) async for part in requests.body(largest) if isinstance(part, h11.Data)]
            found.append((head.target.decode(), b"".join(body)))
        return found

    return asyncio.run(read())


_TWO = (
    b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    b"POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
    b"GET /3 HTTP/1.1\r\nHost: a\r\n\r\n"
)


@given(st.lists(st.integers(0, len(_TWO)), max_size=8))
def test_requests_are_read_however_they_come(cuts: list[int]) -> None:
    """In any parts, also several in one."""
    at = sorted({0, len(_TWO), *cuts})
    parts = [_TWO[low:high] for low, high in itertools.pairwise(at)]
    assert _read(*parts) == [("/1", b"abc"), ("/2", b"def"), ("/3", b"")]


_HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (_HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        (_HEAD + b"Content-Length: 3, 4\r\n\r\nabcd", 400),
        (_HEAD + b"Content-Length: +3\r\n\r\nabc", 400),
        (_HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (_HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (_HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        (_HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        (_HEAD + b"Host: b\r\n\r\n", 400),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (_HEAD + b"A: " + b"x" * LARGEST_HEAD, 431),
        (_HEAD + b"Content-Length: 101\r\n\r\n" + b"x" * 101, 413),
        (_HEAD + b"Content-Length: 3\r\n\r\nab", 400),
        (_HEAD, 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"SSH-2.0-OpenSSH\r\n\r\n", 400),
    ],
)
def test_what_is_refused_for_its_form(data: bytes, status: int) -> None:
    """Two lengths, broken chunks, too much, half a request, other protocols."""
    with pytest.raises(RefusedError) as refused:
        _read(data)
    assert refused.value.status == status


@pytest.mark.parametrize(
    "data", [_HEAD + b"Authorization : Bearer the-key\r\n\r\n", b"the-key /\r\n\r\n", _HEAD + b"the-key"]
)
def test_a_refusal_quotes_nothing(data: bytes) -> None:
    """A key may be in it."""
    with pytest.raises(RefusedError) as refused:
        _read(data)
    assert refused.value.reason and "the-key" not in refused.value.reason


@pytest.mark.parametrize("data", [b"P", _HEAD, _HEAD + b"Content-Length: 3\r\n\r\nab"])
def test_a_request_that_never_ends_is_refused(data: bytes) -> None:
    """In its head or its body: the time is for the whole request."""
    with pytest.raises(RefusedError) as refused:
        _read(data, seconds=0.05, ends=False)
    assert refused.value.status == 408


def test_the_end_of_an_audit_says_what_was_refused() -> None:
    """The names of hosts, the most frequent first, and how to allow them."""
    seen = Seen(3, {"a.example": 1, "b.example": 2}, 1, {"a body of more than 2 MB": 1})
    untrusted, hosts, mistakes = describe(seen, _API)
    assert "2 b.example, 1 a.example" in hosts and "--allow-host" in hosts
    assert "1 connection was cut off" in untrusted
    assert "1 a body of more than 2 MB" in mistakes
    assert list(describe(Seen(1), _API)) == []
    (nothing,) = describe(Seen(), _API)
    assert "No request for api.konpro.ai" in nothing
