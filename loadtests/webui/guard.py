"""Decides by its headers whether the web UI refuses a request, because a page of another site made it. Pure.

Locust answers requests from any origin, and /swarm and /stop are plain POSTs: any page open in the same browser could start and
stop runs and read their results. With DNS rebinding, a foreign name can resolve to this machine, so the Host header must be one
of our own names.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CROSS_SITE = "Refused: the request comes from a page of another site."
_OWN_SITE = frozenset({"same-origin", "none"})
"""`none`: the user typed the address or followed a bookmark."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
"""Headers of every answer."""
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Policy of the Sessions page: only our scripts run, and it sends no request to another machine."""
REPORT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; style-src 'unsafe-inline'; img-src data: blob:;"
    " font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Policy of a report, whose scripts are inline: it sends no request, not even to this server."""


def own_hosts(bound: str, display: str = "") -> frozenset[str]:
    """Returns the host names of a server that listens on `bound`; `display`: value of `--web-host-display-name`."""
    named = {bound.strip("[]").lower(), _name(display), _name(f"//{display}")}
    return frozenset({"localhost", *named} - {"", "*"})


def refusal(method: str, headers: Mapping[str, str], own: Collection[str]) -> str:
    """Returns why a request is refused; "": it is not. `own`: this server's host names."""
    host = headers.get("Host", "")
    if not _is_own(host, own):
        return "Refused: unknown host name (see --web-host-display-name in docs/web.md)."
    origin = headers.get("Origin")
    if origin is not None and _host_of(origin) != host.lower():
        return _CROSS_SITE
    site = headers.get("Sec-Fetch-Site")
    if method not in _SAFE and site is not None and site not in _OWN_SITE:
        return _CROSS_SITE
    return ""


def _is_own(host: str, own: Collection[str]) -> bool:
    name = _name(f"//{host}")
    # An IP address is not resolved by DNS, so it cannot be rebound.
    return bool(name) and (name in own or _is_address(name))


def _host_of(origin: str) -> str:
    """Returns host and port of an Origin header; "" if it is malformed."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
