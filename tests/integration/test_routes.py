"""How requests reach the API: proxies, certificates, IPv6, base paths; against real proxies and servers on this machine."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import subprocess
import threading
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import gevent
import pytest
import trustme

from loadtests.http.client import HttpClient
from loadtests.http.codec import Codec
from loadtests.http.connection import Connection
from loadtests.http.exchange import Exchange
from loadtests.http.route import route_to
from loadtests.model.api.answer import Reason
from loadtests.model.api.description.default import default_api
from loadtests.model.api.operation import Operation
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call
from loadtests.model.text.input_error import InputError
from loadtests.plugin.account import is_real, require_consent
from loadtests.sandbox.process import SandboxProcess

from .conftest import BOUND_SECONDS, FaultServer, Peer, Script
from .crew import streamsoak
from .locust_run import KEY, SCENARIOS, finish, start_locust

Servers = Callable[..., FaultServer]
GOOD = (Reason.NONE, 200, b'{"code":100}')
NAME = "soak.invalid"
"""The API's name, which only the proxies here can resolve."""
_USER, _PASSWORD = "alice", "p@ss:word"
_BASIC = base64.b64encode(f"{_USER}:{_PASSWORD}".encode())
_CREDENTIALS = "alice:p%40ss%3Aword"


def exchange(url: str) -> Exchange:
    """A request for the list at `url`, as the environment has it."""
    client = HttpClient(route_to(url), default_api(), "key", BOUND_SECONDS)
    with contextlib.closing(client):
        return client.get("/v1/streaming.list")


def told(found: Exchange) -> tuple[Reason, int, bytes]:
    """What came of it."""
    return found.failure, found.status, found.body


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def forwarding(port: int, before: bytes = b"", after: bytes = b"", password: bytes = b"") -> Script:
    """Passes requests on to a port of this machine, with `after` where they have `before`, and opens tunnels to it.

    `password`: what Proxy-Authorization must hold.
    """

    def serve(peer: Peer) -> None:
        with socket.create_connection(("127.0.0.1", port)) as onward:
            while request := peer.request():
                if password not in request:
                    peer.answer(b"", 407, "Proxy-Authenticate: Basic")
                    continue
                threading.Thread(target=_pipe, args=(onward, peer.socket), daemon=True).start()
                if request.startswith(b"CONNECT "):
                    peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    return _pipe(peer.socket, onward)
                onward.sendall(request.replace(before, after))

    return serve


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority that no system knows."""
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its certificate, in a directory that OpenSSL can search."""
    folder = tmp_path_factory.mktemp("trusted")
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    command = ["openssl", "x509", "-hash", "-noout", "-in", str(file)]
    digest = subprocess.run(command, capture_output=True, text=True, check=True, timeout=BOUND_SECONDS).stdout.strip()
    (folder / f"{digest}.0").symlink_to(file)
    return file


@pytest.fixture
def serving(authority: trustme.CA) -> ssl.SSLContext:
    """A server's certificate for the API's name and for this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME, "127.0.0.1", "::1").configure_cert(context)
    return context


@pytest.fixture
def demanding(authority: trustme.CA, serving: ssl.SSLContext) -> ssl.SSLContext:
    """The same, of a server that asks for the client's certificate, too."""
    serving.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(serving)
    return serving


@pytest.fixture(scope="module")
def identity(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a client's certificate: both.pem, cert.pem, key.pem, another key, the same one encrypted, no PEM."""
    folder, issued = tmp_path_factory.mktemp("identity"), authority.issue_cert("client@soak.invalid")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "both.pem"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    authority.issue_cert("other@soak.invalid").private_key_pem.write_to_path(str(folder / "other.pem"))
    command = f"openssl pkey -in {folder}/key.pem -aes128 -passout pass:secret -out {folder}/encrypted.pem"
    subprocess.run(command.split(), check=True, timeout=BOUND_SECONDS)
    (folder / "none.pem").write_text("hello", encoding="utf-8")
    return folder


# Proxies.


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_forwards(
    variable: str, scheme: str, fault_server: Servers, polite: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets the whole URL and its own credentials, and its connection is kept."""
    proxy = fault_server(polite)
    monkeypatch.setenv(variable, f"{scheme}{_CREDENTIALS}@127.0.0.1:{proxy.port}/")
    route = route_to(f"http://{NAME}/base/")
    client = HttpClient(route, default_api(), "key", BOUND_SECONDS)
    with contextlib.closing(client):
        assert told(client.get("/v1/streaming.list")) == GOOD
        stop = Codec(route, default_api(), "key", {}).encode(Call(Session(1, "p", 30.0), Operation.STOP, 0.0))
        assert told(client.send(stop)) == GOOD
    head = proxy.requests[0].split(b"\r\n")
    assert head[0] == b"GET http://soak.invalid/base/v1/streaming.list HTTP/1.1"
    assert b"Host: soak.invalid" in head
    assert b"Proxy-Authorization: Basic " + _BASIC in head
    assert b"Authorization: Bearer key" in head
    assert proxy.requests[1].startswith(b"POST http://soak.invalid/base/v1/streaming.stop HTTP/1.1\r\n")
    assert proxy.connections == 1


def test_a_tunnel_leads_to_the_api(
    fault_server: Servers, polite: Script, serving: ssl.SSLContext, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy sees CONNECT with its credentials and no more; the API sees nothing of them; the certificate is the API's."""
    api = fault_server(polite, context=serving)
    proxy = fault_server(forwarding(api.port, password=_BASIC))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("HTTPS_PROXY", f"http://{_CREDENTIALS}@127.0.0.1:{proxy.port}")
    connection = Connection(route_to(f"https://{NAME}"))
    request = b"GET / HTTP/1.1\r\nHost: soak.invalid\r\n\r\n"
    with contextlib.closing(connection), gevent.Timeout(BOUND_SECONDS):
        assert [told(connection.exchange(request)) for _ in range(2)] == [GOOD] * 2
    assert api.requests == [request] * 2
    (asked,) = proxy.requests
    assert asked.split(b"\r\n")[:2] == [b"CONNECT soak.invalid:443 HTTP/1.1", b"Host: soak.invalid:443"]
    # Another name than the certificate's is refused through a tunnel, too.
    assert told(exchange("https://other.invalid")) == (Reason.CONNECT, 0, b"")


def test_a_proxy_may_be_encrypted(
    fault_server: Servers, polite: Script, serving: ssl.SSLContext, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificate is verified; what it forwards is within its TLS, and a tunnel has TLS within TLS, for much data, too."""
    large = b"[%b]" % (b"1," * 200_000)

    def talkative(peer: Peer) -> None:
        while peer.request():
            peer.answer(large)

    api = fault_server(talkative, context=serving)
    tunnel, forwarder = fault_server(forwarding(api.port), context=serving), fault_server(polite, context=serving)
    monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{tunnel.port}")
    monkeypatch.setenv("HTTP_PROXY", f"https://127.0.0.1:{forwarder.port}")
    for url in (f"https://{NAME}", f"http://{NAME}"):
        found = exchange(url)
        assert (found.failure, found.was_sent, found.error) == (
            Reason.CONNECT,
            False,
            "proxy: CERTIFICATE_VERIFY_FAILED",
        )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    assert told(exchange(f"http://{NAME}")) == GOOD
    assert forwarder.requests[0].startswith(b"GET http://soak.invalid/v1/streaming.list HTTP/1.1\r\n")
    connection = Connection(route_to(f"https://{NAME}"))
    request = b"POST / HTTP/1.1\r\nHost: soak.invalid\r\nContent-Length: 100000\r\n\r\n" + bytes(100_000)
    with contextlib.closing(connection), gevent.Timeout(BOUND_SECONDS):
        assert [told(connection.exchange(request)) for _ in range(2)] == [(Reason.NONE, 200, large)] * 2
    assert api.requests == [request] * 2
    assert [asked.partition(b" HTTP")[0] for asked in tunnel.requests] == [b"CONNECT soak.invalid:443"]
    # Another name than the certificate's is refused within the tunnel, too.
    assert exchange("https://other.invalid").error == "CERTIFICATE_VERIFY_FAILED"


@pytest.mark.parametrize(
    ("url", "excluded"),
    [
        ("http://127.0.0.1:{port}", "127.0.0.1"),
        ("http://127.0.0.1:{port}", "example.com, 127.0.0.0/8"),
        ("http://127.0.0.1:{port}", "*"),
        ("http://localhost:{port}", "localhost"),
        ("http://localhost:{port}", ".localhost"),
        ("http://localhost:{port}", "localhost:{port}"),
    ],
)
def test_no_proxy_excludes(
    url: str, excluded: str, fault_server: Servers, polite: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses, networks, names, names with a port, all."""
    api, proxy = fault_server(polite), fault_server(polite)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", excluded.format(port=api.port))
    assert told(exchange(url.format(port=api.port))) == GOOD
    assert (len(api.requests), len(proxy.requests)) == (1, 0)


def test_loopback_goes_through_the_proxy_unless_it_is_excluded(
    fault_server: Servers, polite: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with `requests`; a sandbox of the run's own never does, nor does a scheme without a variable."""
    api, proxy = fault_server(polite), fault_server(polite)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert told(exchange(api.url)) == GOOD
    assert (len(api.requests), len(proxy.requests)) == (0, 1)
    assert route_to(api.url, is_sandbox=True).proxy is None
    assert route_to("https://soak.invalid").proxy is None
    assert route_to("http://[::1]:8000").proxy is not None
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1,::1")
    assert [route_to(f"http://{host}").proxy for host in ("localhost", "127.0.0.1:8000", "[::1]:8000")] == [None] * 3


@pytest.mark.parametrize(
    ("scheme", "said", "error"),
    [
        ("http", b"HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n", "proxy: HTTP 407"),
        ("https", b"HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n", "proxy: HTTP 407"),
        ("https", b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", "proxy: HTTP 403"),
        ("https", b"hello\r\n\r\n", "proxy: no HTTP"),
        ("https", b"HTTP/1.1 200 Estab", "proxy: no answer to CONNECT"),
        ("https", b"", "proxy: no answer to CONNECT"),
    ],
)
def test_what_a_proxy_refuses_was_not_sent(
    scheme: str, said: bytes, error: str, fault_server: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API never saw the request."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(said)

    monkeypatch.setenv(f"{scheme}_proxy", fault_server(serve).url)
    found = exchange(f"{scheme}://{NAME}")
    assert (found.failure, found.was_sent, found.error) == (Reason.CONNECT, False, error)


def test_a_name_that_tls_refuses_is_a_failure_to_connect(
    fault_server: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a proxy has opened the tunnel; nothing is raised."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.answer(b"")

    monkeypatch.setenv("HTTPS_PROXY", fault_server(serve).url)
    found = exchange("https://.invalid")
    assert (found.failure, found.was_sent) == (Reason.CONNECT, False)


def test_a_proxy_that_does_not_listen_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API is not blamed for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
    found = exchange(f"http://{NAME}")
    assert (found.failure, found.was_sent, found.error) == (Reason.CONNECT, False, "proxy: ECONNREFUSED")


@pytest.mark.parametrize(
    "url",
    ["socks5://u:hidden@h:1", "ftp://u:hidden@h:1", "http://u:hidden@", "u:hidden@h:x", "http://u:hidden@h:99999"],
)
def test_a_wrong_proxy_is_told_without_its_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable, and what would be right."""
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(InputError) as raised:
        route_to(f"https://{NAME}")
    assert str(raised.value).startswith("HTTPS_PROXY: must be http(s)://[USER:PASSWORD@]HOST[:PORT]")
    assert str(raised.value).endswith(f"(is {url.replace('u:hidden@', '')!r})")
    assert raised.value.code == 64


def test_a_proxy_makes_an_account_real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a proxy on this machine nor an address of this machine behind one makes an account less real."""
    options = Namespace(real=False, rehearse_guards=False, max_open=None, max_session_minutes=None, allow_leaks=False)
    assert not is_real(route_to("http://127.0.0.1:8000"), options)
    monkeypatch.setenv("ALL_PROXY", "http://u:hidden@127.0.0.1:3128")
    proxied = route_to("http://127.0.0.1:8000")
    assert is_real(proxied, options)
    assert is_real(route_to("https://api.example.com"), options)
    assert not is_real(route_to("http://127.0.0.1:8000", is_sandbox=True), options)
    with pytest.raises(InputError) as raised:
        require_consent(proxied, options, [], has_plan=True)
    assert "ALL_PROXY: requests to 127.0.0.1 go through the proxy 127.0.0.1:3128" in str(raised.value)
    assert "NO_PROXY=127.0.0.1" in str(raised.value)
    assert "hidden" not in str(raised.value) + repr(proxied)


# Certificates.


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_bundle_is_trusted(
    variable: str,
    fault_server: Servers,
    polite: Script,
    serving: ssl.SSLContext,
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file; for the first two a directory, too. Without it, the server gets no request."""
    api = fault_server(polite, context=serving)
    url = f"https://127.0.0.1:{api.port}"
    found = exchange(url)
    assert (found.failure, found.was_sent, found.error) == (Reason.CONNECT, False, "CERTIFICATE_VERIFY_FAILED")
    assert api.requests == []
    monkeypatch.setenv(variable, str(bundle))
    assert told(exchange(url)) == GOOD
    if variable != "SSL_CERT_FILE":
        monkeypatch.setenv(variable, str(bundle.parent))
        assert told(exchange(url)) == GOOD


def test_the_bundle_of_requests_replaces_that_of_openssl(
    fault_server: Servers,
    polite: Script,
    serving: ssl.SSLContext,
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    certificate: tuple[Path, Path],
) -> None:
    """Only the first variable counts."""
    url = f"https://127.0.0.1:{fault_server(polite, context=serving).port}"
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    assert exchange(url).error == "CERTIFICATE_VERIFY_FAILED"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize(("name", "reason"), [("missing", "no such file"), ("none.pem", "no certificate or crl found")])
def test_a_bundle_that_cannot_be_read_is_told(
    variable: str, name: str, reason: str, identity: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variable, file and reason; plain http does not need it."""
    monkeypatch.setenv(variable, str(identity / name))
    with pytest.raises(InputError) as raised:
        route_to(f"https://{NAME}")
    assert str(raised.value).startswith(f"{variable}: must be a file of trusted certificates in PEM: {reason}")
    assert str(identity / name) in str(raised.value)
    route_to(f"http://{NAME}")


@pytest.mark.parametrize(
    ("certificate_file", "key_file"), [("both.pem", ""), ("cert.pem", "key.pem"), ("both.pem", "key.pem")]
)
def test_a_client_has_a_certificate(
    certificate_file: str,
    key_file: str,
    fault_server: Servers,
    polite: Script,
    demanding: ssl.SSLContext,
    bundle: Path,
    identity: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its key in the same file or in another. Without one, the API refuses the connection and gets no request."""
    api = fault_server(polite, context=demanding)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    url = f"https://127.0.0.1:{api.port}"
    found = exchange(url)
    assert (found.failure, found.was_sent, found.error) == (Reason.CONNECT, False, "TLSV13_ALERT_CERTIFICATE_REQUIRED")
    monkeypatch.setenv("STREAMSOAK_CLIENT_CERT", str(identity / certificate_file))
    if key_file:
        monkeypatch.setenv("STREAMSOAK_CLIENT_KEY", str(identity / key_file))
    assert told(exchange(url)) == GOOD
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("certificate_file", "key_file", "variable", "reason"),
    [
        ("missing", "", "STREAMSOAK_CLIENT_CERT", "no such file"),
        ("cert.pem", "missing", "STREAMSOAK_CLIENT_KEY", "no such file"),
        ("", "key.pem", "STREAMSOAK_CLIENT_KEY", "needs STREAMSOAK_CLIENT_CERT"),
        ("cert.pem", "", "STREAMSOAK_CLIENT_CERT", "STREAMSOAK_CLIENT_KEY"),
        ("none.pem", "", "STREAMSOAK_CLIENT_CERT", "must be a certificate in PEM"),
        ("cert.pem", "other.pem", "STREAMSOAK_CLIENT_CERT", "key values mismatch"),
        ("cert.pem", "encrypted.pem", "STREAMSOAK_CLIENT_CERT", "encrypted"),
    ],
)
def test_a_client_certificate_that_cannot_be_used_is_told(
    certificate_file: str, key_file: str, variable: str, reason: str, identity: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variable, files and reason; nobody is asked for a passphrase."""
    for name, file in (("STREAMSOAK_CLIENT_CERT", certificate_file), ("STREAMSOAK_CLIENT_KEY", key_file)):
        monkeypatch.setenv(name, str(identity / file) if file else "")
    with pytest.raises(InputError) as raised:
        route_to(f"https://{NAME}")
    assert str(raised.value).startswith(f"{variable}: ")
    assert reason in str(raised.value)


# Addresses.


@pytest.mark.parametrize("kind", ["http", "https", "proxy"])
def test_an_ipv6_address_is_reached(
    kind: str,
    fault_server: Servers,
    polite: Script,
    serving: ssl.SSLContext,
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In plain text, with TLS, and as a proxy's address; in brackets wherever it is sent."""
    api = fault_server(polite, context=serving if kind == "https" else None, host="::1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    url = f"{'https' if kind == 'https' else 'http'}://[::1]:{api.port}"
    if kind == "proxy":
        monkeypatch.setenv("HTTP_PROXY", url)
        url = "http://[2001:db8::1]"
    assert told(exchange(f"{url}/base/")) == GOOD
    assert b"\r\nHost: %b\r\n" % urlsplit(url).netloc.encode() in api.requests[0]
    assert route_to(url).is_loopback is (kind != "proxy")


def test_a_base_path_comes_before_every_path() -> None:
    """With or without a slash at its end, for every call."""
    for url in (f"https://{NAME}/base/", f"https://{NAME}/base"):
        codec = Codec(route_to(url), default_api(), "key", {})
        for operation in Operation:
            if codec.has(operation):
                request = codec.encode(Call(Session(1, "p", 30.0), operation, 0.0))
                assert request.startswith(b"POST /base/v1/streaming.")
                assert b"\r\nHost: soak.invalid\r\n" in request


# All callers.


def test_a_run_reaches_its_api_through_everything_at_once(
    tmp_path: Path,
    sandbox: Callable[..., SandboxProcess],
    fault_server: Servers,
    demanding: ssl.SSLContext,
    bundle: Path,
    identity: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Check, engine, list and sweep: a proxy with a password, a private authority, a client certificate, a base path."""
    port = urlsplit(sandbox("--idle-range", "1:3599").url).port or 0
    api = fault_server(forwarding(port, b" /base/v1/", b" /v1/"), context=demanding)
    proxy = fault_server(forwarding(api.port, password=_BASIC))
    for name, value in {
        "HTTPS_PROXY": f"http://{_CREDENTIALS}@127.0.0.1:{proxy.port}",
        "REQUESTS_CA_BUNDLE": bundle,
        "STREAMSOAK_CLIENT_CERT": identity / "both.pem",
        "KONPRO_API_KEY": KEY,
    }.items():
        monkeypatch.setenv(name, str(value))
    options = ("--headless", "--scenario", str(SCENARIOS / "every-way.toml"), "-u", "30", "-t", "3s", "--observe", "1")
    consent = ("--max-open", "20", "--allow-leaks")
    run = finish(start_locust(tmp_path, *options, *consent, "--host", f"https://{NAME}/base/"), tmp_path)
    calls = run.summary["calls"]
    assert all(calls[name]["ok"] == calls[name]["sent"] > 0 for name in ("list", "new", "start", "stop")), calls
    assert all(b" /base/v1/streaming." in request for request in api.requests)
    assert {request.split(b" ")[1].rpartition(b".")[2] for request in api.requests} >= {
        b"list",
        b"new",
        b"start",
        b"stop",
    }
    before = len(api.requests)
    swept = streamsoak("sweep", str(run.folder))
    assert swept.returncode == 0, swept.stdout + swept.stderr
    assert len(api.requests) > before
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing"))
    refused = streamsoak("sweep", str(run.folder))
    assert (refused.returncode, "REQUESTS_CA_BUNDLE: must be a file" in refused.stderr) == (64, True), refused.stderr
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for secret in (_PASSWORD.encode(), _CREDENTIALS.encode(), _BASIC):
        assert secret not in written + run.output.encode() + (swept.stdout + swept.stderr).encode()


def test_mistakes_are_told_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message, exit code 64, and no run directory."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://u:hidden@127.0.0.1:1")
    process = start_locust(
        tmp_path, "--headless", "--host", f"https://{NAME}", "--shared-account", "-t", "1s", "Interactive"
    )
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 64, output
    assert "HTTPS_PROXY: must be http(s)://" in output
    assert "hidden" not in output and "Traceback" not in output
    assert not (tmp_path / "runs").exists()
