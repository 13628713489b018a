"""The certificates that a program under audit trusts: those of this machine, those that the user named, and the audit's own."""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from loadtests.interception.environment import ADDING, REPLACING

_CERTIFICATE = re.compile(
    rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.*?-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL
)


def replacing_bundle(authority: bytes, environment: Mapping[str, str]) -> bytes:
    """Returns the PEM text for variables that replace a program's certificates."""
    return _joined(authority, (*_system(), *(environment.get(name, "") for name in (*REPLACING, *ADDING))))


def adding_bundle(authority: bytes, environment: Mapping[str, str]) -> bytes:
    """Returns the PEM text for variables that add to a program's certificates."""
    return _joined(authority, (environment.get(name, "") for name in ADDING))


def _system() -> Iterator[str]:
    paths = ssl.get_default_verify_paths()
    yield from (path for path in (paths.openssl_cafile, paths.openssl_capath) if path)
    with contextlib.suppress(ImportError):
        import certifi

        yield certifi.where()


def _joined(authority: bytes, sources: Iterator[str] | tuple[str, ...]) -> bytes:
    found = dict.fromkeys([authority.strip()])
    for source in sources:
        for text in _texts(source):
            found.update(dict.fromkeys(_CERTIFICATE.findall(text)))
    return b"\n".join((*found, b""))


def _texts(source: str) -> Iterator[bytes]:
    """Yields the files at a path, which may be a folder. What cannot be read is left out, as OpenSSL does."""
    path = Path(source)
    if not source:
        return
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        with contextlib.suppress(OSError):
            if file.is_file():
                yield file.read_bytes()
