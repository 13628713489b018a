"""Which requests the web UI refuses: those that another site's page makes. Pure: nothing but a request's headers.

Locust answers any origin, and /swarm and /stop are plain POSTs: any page that is open in the same browser could start and stop
runs, and read what they show. And by DNS rebinding a name of somebody else's can be made to mean this machine, so the Host that
a browser names has to be ours.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})
"""`none`: the user typed the address, or followed a bookmark."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
"""Of every answer."""
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of the Sessions page: whatever text came into it, no script but ours runs, and nothing leaves this machine."""
REPORT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; style-src 'unsafe-inline'; img-src data: blob:;"
    " font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of a report, whose scripts are within it: no request leaves it, none to this server either."""


def own_hosts(bound: str, display: str = "") -> frozenset[str]:
    """Names by which a browser may call a server that listens on `bound`; `display`: as `--web-host-display-name` has it."""
    named = {bound.strip("[]").lower(), _name(display), _name(f"//{display}")}
    return frozenset({"localhost", *named} - {"", "*"})


def refusal(method: str, headers: Mapping[str, str], own: Collection[str]) -> str:
    """Why a request must not be answered; "": it may. `own`: names by which this server may be called."""
    host = headers.get("Host", "")
    if not _is_own(host, own):
        return "This server is not called by that name (see docs/web.md: --web-host-display-name)."
    origin = headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return "Requests of another site's pages are refused."
    site = headers.get("Sec-Fetch-Site")
    if method not in _SAFE and site is not None and site not in _OWN_SITE:
        return "Requests of another site's pages are refused."
    return ""


def _is_own(host: str, own: Collection[str]) -> bool:
    name = _name(f"//{host}")
    # An address cannot be rebound: only names are looked up.
    return bool(name) and (name in own or _is_address(name))


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
