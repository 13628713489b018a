"""The heads of requests and responses as they are passed on: RFC 9110, 7.6.1, and RFC 9112, 6 and 7."""

from __future__ import annotations

from collections.abc import Iterable

from loadtests.http.fields import Header, named, tokens

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"},
)
"""Fields that are about one connection, and are not passed on."""
_KEPT = frozenset({b"content-length", b"host"})
"""Fields that a Connection header cannot remove: the message would be read in another way behind us."""
_CHUNKED = b"Transfer-Encoding: chunked\r\n"


class BadRequestError(Exception):
    """A request that is not passed on: `status` and `reason` for its client."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def request_head(
    method: bytes, target: bytes, version: str, headers: list[Header], authority: bytes, prefix: bytes
) -> tuple[bytes, bool]:
    """Returns the head as the upstream gets it, and whether the body is chunked. Raises BadRequestError."""
    check_head(method, version, headers)
    hosts, is_chunked = named(headers, b"host"), bool(named(headers, b"transfer-encoding"))
    lines = [b"%b %b HTTP/1.1\r\n" % (method, _target(method, target, prefix))]
    if not hosts:
        lines.append(b"Host: %b\r\n" % authority)
    dropped = _dropped(headers)
    for name, value in headers:
        lower = name.lower()
        if lower == b"host":
            lines.append(b"%b: %b\r\n" % (name, authority))
        elif lower == b"transfer-encoding":
            lines.append(_CHUNKED)
        elif lower not in dropped:
            lines.append(b"%b: %b\r\n" % (name, value))
    if b"trailers" in tokens(headers, b"te"):
        lines.append(b"TE: trailers\r\nConnection: TE\r\n")
    lines.append(b"\r\n")
    return b"".join(lines), is_chunked


def check_head(method: bytes, version: str, headers: list[Header]) -> None:
    """Raises BadRequestError if the request must not be passed on."""
    if method == b"CONNECT":
        raise BadRequestError(501, "CONNECT is not passed on")
    if version not in ("1.1", "1.0"):
        raise BadRequestError(505, f"HTTP/{version} is not spoken here")
    hosts = named(headers, b"host")
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        raise BadRequestError(400, "the request must have one Host")
    if tokens(headers, b"upgrade") - _IGNORED_UPGRADES and b"upgrade" in tokens(headers, b"connection"):
        raise BadRequestError(501, "Upgrade is not passed on")
    _check_length(version, headers)


def _check_length(version: str, headers: list[Header]) -> None:
    codings, lengths = named(headers, b"transfer-encoding"), named(headers, b"content-length")
    # The parser refuses these; here the request is refused even if another version of the parser does not.
    if len(lengths) > 1 or (lengths and codings) or any(not length.strip().isdigit() for length in lengths):
        raise BadRequestError(400, "the request's length is not clear")
    if codings and ([coding.strip(b" ").lower() for coding in codings] != [b"chunked"] or version == "1.0"):
        raise BadRequestError(501, "the only transfer coding that is passed on is chunked")


_IGNORED_UPGRADES = frozenset({b"h2c", b"h2"})
"""A client that offers HTTP/2 goes on with HTTP/1.1 where nobody takes the offer."""


def without_offer(method: bytes, target: bytes, headers: list[Header]) -> bytes:
    """Returns the head of a request without its offer of another protocol."""
    kept = b"".join(b"%b: %b\r\n" % field for field in headers if field[0].lower() != b"upgrade")
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, kept)


def response_head(status: int, reason: bytes, headers: list[Header], *, chunked: bool, last: bool) -> bytes:
    """Returns the head as the client gets it. `last`: the connection ends after the response."""
    dropped = _dropped(headers)
    lines = [b"HTTP/1.1 %d %b\r\n" % (status, reason)]
    lines += [b"%b: %b\r\n" % field for field in headers if field[0].lower() not in dropped]
    if chunked:
        lines.append(_CHUNKED)
    if last:
        lines.append(b"Connection: close\r\n")
    elif hints := named(headers, b"keep-alive"):
        # Client and upstream have a connection each for the other: how long the upstream keeps its own holds for both.
        lines.append(b"Connection: keep-alive\r\nKeep-Alive: %b\r\n" % hints[0])
    lines.append(b"\r\n")
    return b"".join(lines)


def chunk(data: bytes) -> bytes:
    """Returns a piece of a body as a chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: Iterable[Header]) -> bytes:
    """Returns the end of a chunked body."""
    return b"0\r\n%b\r\n" % b"".join(b"%b: %b\r\n" % field for field in trailers)


def path_of(target: bytes) -> tuple[bytes, bytes]:
    """Returns path and query of a request's target."""
    path, _, query = _origin_form(target).partition(b"?")
    return path, query


def _dropped(headers: list[Header]) -> frozenset[bytes]:
    named_there = tokens(headers, b"connection")
    return HOP_BY_HOP | (named_there - _KEPT) if named_there else HOP_BY_HOP


def _target(method: bytes, target: bytes, prefix: bytes) -> bytes:
    if target == b"*" and method == b"OPTIONS":
        return target
    return prefix + _origin_form(target)


def _origin_form(target: bytes) -> bytes:
    if target.startswith(b"/"):
        return target
    scheme, mark, rest = target.partition(b"://")
    if mark and scheme.lower() in (b"http", b"https"):
        # The form for proxies: the address in it is replaced, as Host is.
        authority, slash, path = rest.partition(b"/")
        if b"?" not in authority:
            return slash + path or b"/"
    raise BadRequestError(400, "the request's target must be a path")
