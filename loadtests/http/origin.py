"""The API's address: scheme, host, port, path prefix."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from loadtests.model.text.input_error import InputError


@dataclass(frozen=True, slots=True)
class Origin:
    """An HTTP origin, with a path prefix for every request."""

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def parse(cls, url: str, option: str = "--host") -> Origin:
        """Returns the origin of `url`, which `option` has. Raises InputError."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InputError.of(option, f"{url!r} is not a URL: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError.of(
                option, f"must be scheme://host[:port][/path], as in 'https://api.konpro.ai' (is {url!r})"
            )
        if parts.username or parts.password:
            raise InputError.of(option, "must not contain a user name: the key is read from the environment only")
        if parts.query or parts.fragment or any(ord(c) <= 32 or ord(c) > 126 for c in url):
            raise InputError.of(
                option, f"must be scheme://host[:port][/path], without query, fragment or spaces (is {url!r})"
            )
        return cls(
            parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/")
        )

    @property
    def authority(self) -> str:
        """The Host header."""
        standard = self.port == (443 if self.scheme == "https" else 80)
        return self._bracketed if standard else self.host_and_port

    @property
    def host_and_port(self) -> str:
        """The target of CONNECT."""
        return f"{self._bracketed}:{self.port}"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        return f"{self.scheme}://{self.authority}{self.prefix}"

    @property
    def is_loopback(self) -> bool:
        """Whether the address is one of this machine; see `Route.is_loopback`."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
