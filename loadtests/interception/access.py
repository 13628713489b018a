"""What the proxy's process is told, and what it tells."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """What a proxy is to do."""

    base: str
    """The API's address."""
    sandbox: str
    """The sandbox's URL."""
    allowed: tuple[str, ...]
    """Patterns of hosts that are passed on."""


class Access(msgspec.Struct, frozen=True):
    """A running proxy's addresses and certificates."""

    proxy: str
    """Its URL."""
    tls_port: int
    """Where it takes connections that are meant for the API itself, with TLS."""
    replacing: str
    """A file of this machine's certificates and its own, in PEM."""
    adding: str
    """A file of its own certificate, in PEM."""
    pin: str
    """SHA-256 of its authority's public key, in base64."""


class Seen(msgspec.Struct):
    """What a proxy has seen."""

    requests: int = 0
    """Requests that were passed on to the sandbox."""
    hosts: dict[str, int] = {}
    """How often a host was refused, by name."""
    untrusted: int = 0
    """Connections that ended because the client did not trust the certificate."""
    mistakes: dict[str, int] = {}
    """How many requests were refused for their form, by reason."""
