"""Loaded into each Python process of `streamsoak audit --intercept` (PYTHONPATH), because aiohttp, urllib3 and http.client ignore
HTTPS_PROXY unless a program says otherwise.

The API's name is resolved to the audit's proxy; so is any other host's for port 80 or 443 that is not allowed, and the proxy
refuses it by name. Names of this machine and other ports are left alone. Python 3.8 and newer can run this.
"""

from __future__ import annotations

import json
import os
import socket

TYPE_CHECKING = False  # typing would be loaded into programs that do not need it
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_PORTS = {"http": 80, "https": 443}
_WEB_PORTS = (80, 443)


def redirecting(getaddrinfo: Callable[..., Any], settings: str) -> Callable[..., Any]:
    """Returns `getaddrinfo` (socket.getaddrinfo) with the redirection of `settings`, the value of STREAMSOAK_INTERCEPT."""
    given = json.loads(settings)
    api, allowed = given["host"], given["allowed"]
    ports = {int(port): ours for port, ours in {**given["plain"], **given["tls"]}.items()}

    def redirected(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002
        name = (host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")).lower().rstrip(".")
        number = int(port) if str(port).isdigit() else _PORTS.get(port, 0)
        if name == api:
            # Whatever family was asked for: the proxy has one address. On other ports of the API, nobody answers.
            return getaddrinfo("127.0.0.1", ports.get(number, port), 0, type, proto)
        is_left = _is_local(name) or _is_allowed(name, allowed) or flags & socket.AI_PASSIVE
        if number in _WEB_PORTS and number in ports and not is_left:
            return getaddrinfo("127.0.0.1", ports[number], 0, type, proto)
        return getaddrinfo(host, port, family, type, proto, flags)

    return redirected


def _is_local(name: str) -> bool:
    return name in ("", "localhost", "::", "::1", "0.0.0.0") or name.startswith("127.")


def _is_allowed(name: str, allowed: Sequence[str]) -> bool:
    return any(each in ("*", name) or (each.startswith("*.") and name.endswith(each[1:])) for each in allowed)


def _run_next() -> None:
    """Python runs only the first sitecustomize that it finds: here is the program's own."""
    import importlib.machinery
    import importlib.util
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.machinery.PathFinder.find_spec(
        "sitecustomize", [path for path in sys.path if os.path.abspath(path) != here]
    )
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "sitecustomize":
    # A program may start others without the settings.
    if os.environ.get("STREAMSOAK_INTERCEPT"):
        socket.getaddrinfo = redirecting(socket.getaddrinfo, os.environ["STREAMSOAK_INTERCEPT"])
    _run_next()
