"""Why a connection could not be opened: the API could not be reached, or this machine ran out of something."""

from __future__ import annotations

import errno
import socket
import ssl

from loadtests.http.proxy import ProxyError
from loadtests.model.api.answer import Reason

_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EAGAIN})
"""No more file descriptors, memory or local ports: connect(2), socket(2)."""
_RESOLVER = {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}


def connect_failure(error: Exception) -> tuple[Reason, str]:
    """Returns the reason and a name of the error: the operating system's ("ECONNREFUSED"), the resolver's, TLS's; "" if none.

    What happened at a proxy begins with "proxy:".
    """
    if isinstance(error, ssl.SSLError):
        return Reason.CONNECT, getattr(error, "reason", None) or ""
    if isinstance(error, socket.gaierror):
        return Reason.CONNECT, _RESOLVER.get(error.errno or 0, "")
    code = (error.errno if isinstance(error, OSError) else None) or 0
    name = errno.errorcode.get(code, "")
    if code in _RESOURCES:
        return Reason.OUT_OF_RESOURCES, name
    return Reason.CONNECT, f"proxy: {name or error.strerror}" if isinstance(error, ProxyError) else name


def in_words(error: OSError) -> str:
    """Says why a host cannot be reached, and what to check. `error` may be one whose text is the system's name of an error."""
    if isinstance(error, TimeoutError):
        return "no answer in time; check the address and firewalls"
    return _WORDS.get(str(error)) or _WORDS.get(connect_failure(error)[1]) or "the connection failed; check the address"


_WORDS = {
    "ECONNREFUSED": "the connection is refused; is the API running, and is the port right?",
    "EHOSTUNREACH": "there is no route to the host; check the network",
    "ENETUNREACH": "there is no route to the network; check the network",
    "ETIMEDOUT": "the connection timed out; check the address and firewalls",
    "EMFILE": "this machine has no more open files; raise `ulimit -n`",
}
"""By the operating system's name."""
