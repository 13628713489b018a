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
    """Says why a host cannot be reached, and what to check. `error` may be one whose text is the name of an error."""
    if isinstance(error, TimeoutError):
        return "no answer in time; check the address and firewalls"
    name = str(error) if str(error) in _WORDS else connect_failure(error)[1] or str(error)
    if name.startswith("proxy:"):
        return f"the proxy fails ({name.removeprefix('proxy:').strip()}); check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
    if name.startswith("EAI_"):
        return "its name is not known; check the address and the resolver"
    return _WORDS.get(name, "the connection failed; check the address")


_WORDS = {
    "ECONNREFUSED": "the connection is refused; is the API running, and is the port right?",
    "EHOSTUNREACH": "there is no route to the host; check the network",
    "ENETUNREACH": "there is no route to the network; check the network",
    "ETIMEDOUT": "the connection timed out; check the address and firewalls",
    "EMFILE": "this machine has no more open files; raise `ulimit -n`",
    "CERTIFICATE_VERIFY_FAILED": (
        "its certificate cannot be verified; name its authority in SSL_CERT_FILE or REQUESTS_CA_BUNDLE"
    ),
    "WRONG_VERSION_NUMBER": "it does not speak TLS at this port; is it http:// and not https://?",
    "RECORD_LAYER_FAILURE": "it does not speak TLS at this port; is it http:// and not https://?",
}
"""By the name of the operating system's error, the resolver's, or TLS's."""
