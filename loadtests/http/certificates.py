"""The certificates of TLS connections: those that are trusted, and the client's own. All come from the environment."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent.ssl

from loadtests.model.text.input_error import InputError

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""A file or directory that replaces the system's certificates; the first that is set, as for `requests`."""
SYSTEM_BUNDLE = "SSL_CERT_FILE"
"""OpenSSL's own variable: a file that replaces the system's."""
CERTIFICATE, KEY = "STREAMSOAK_CLIENT_CERT", "STREAMSOAK_CLIENT_KEY"
"""The client's certificate with its chain, and its private key, unless it is in the same file; both in PEM."""


Make = Callable[..., Any]
"""`create_default_context` of gevent's module, or of Python's own for asyncio."""


def client_context(make: Make = gevent.ssl.create_default_context, ca_file: Path | None = None) -> Any:
    """Returns the settings of TLS with the API, with the client's certificate. Raises InputError if a file cannot be used.

    `ca_file`: the certificates that are trusted instead of those that the environment names.
    """
    context = trusting_context(make) if ca_file is None else _trusting("--ca-file", ca_file, make)
    _add_client_certificate(context)
    return context


def trusting_context(make: Make = gevent.ssl.create_default_context) -> Any:
    """Returns settings that verify the other end. Raises InputError if a file cannot be used."""
    variable = next((name for name in (*BUNDLES, SYSTEM_BUNDLE) if os.environ.get(name)), "")
    return _trusting(variable, Path(os.environ.get(variable, "")), make)


def _trusting(source: str, path: Path, make: Make) -> Any:
    """Returns settings that trust the certificates in `path`, which `source` names: a variable, an option, or "" for none."""
    try:
        if source in BUNDLES and path.is_dir():
            return make(capath=str(path))
        if source and source != SYSTEM_BUNDLE:
            return make(cafile=str(path))
        context = make()
        if source:
            # OpenSSL has loaded it, but would not say so if it could not.
            context.load_verify_locations(cafile=str(path))
    except OSError as error:
        raise InputError.of(
            source, f"must be a file of trusted certificates in PEM: {_reason(error)} (is {str(path)!r})"
        ) from None
    return context


def _add_client_certificate(context: ssl.SSLContext) -> None:
    certificate, key = os.environ.get(CERTIFICATE), os.environ.get(KEY)
    if not certificate:
        if key:
            raise InputError.of(KEY, f"needs {CERTIFICATE}, the certificate that belongs to this key")
        return
    for variable, path in ((CERTIFICATE, certificate), (KEY, key)):
        _require_readable(variable, path)
    try:
        context.load_cert_chain(certificate, key or None, password=_no_passphrase)
    except ssl.SSLError as error:
        files = f"{certificate!r}, key {key!r}" if key else repr(certificate)
        raise InputError.of(
            CERTIFICATE,
            f"must be a certificate in PEM; its private key, without a passphrase, is in the same file or in {KEY}:"
            f" {_reason(error)} (is {files})",
        ) from None


def _require_readable(variable: str, path: str | None) -> None:
    try:
        if path:
            Path(path).read_bytes()
    except OSError as error:
        raise InputError.of(variable, f"cannot be read: {_reason(error)} (is {path!r})") from None


def _no_passphrase() -> str:
    # Without this, OpenSSL would ask the terminal.
    raise ssl.SSLError(0, "the key is encrypted")


def _reason(error: OSError) -> str:
    # Only an error of OpenSSL's own has a reason.
    reason: str = getattr(error, "reason", None) or error.strerror or str(error)
    return reason.lower().replace("_", " ")
