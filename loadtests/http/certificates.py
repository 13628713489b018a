"""The certificates of TLS connections: those that are trusted, and the client's own. All come from the environment."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import gevent.ssl

from loadtests.model.text.input_error import InputError

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""A file or directory that replaces the system's certificates; the first that is set, as for `requests`."""
SYSTEM_BUNDLE = "SSL_CERT_FILE"
"""OpenSSL's own variable: a file that replaces the system's."""
CERTIFICATE, KEY = "STREAMSOAK_CLIENT_CERT", "STREAMSOAK_CLIENT_KEY"
"""The client's certificate with its chain, and its private key, unless it is in the same file; both in PEM."""


def client_context() -> gevent.ssl.SSLContext:
    """Returns the settings of TLS with the API, with the client's certificate. Raises InputError if a file cannot be used."""
    context = trusting_context()
    _add_client_certificate(context)
    return context


def trusting_context() -> gevent.ssl.SSLContext:
    """Returns settings that verify the other end. Raises InputError if a file cannot be used."""
    variable = next((name for name in (*BUNDLES, SYSTEM_BUNDLE) if os.environ.get(name)), "")
    path = Path(os.environ.get(variable, ""))
    try:
        if variable in BUNDLES and path.is_dir():
            return gevent.ssl.create_default_context(capath=str(path))
        if variable in BUNDLES:
            return gevent.ssl.create_default_context(cafile=str(path))
        context = gevent.ssl.create_default_context()
        if variable:
            # OpenSSL has loaded it, but would not say so if it could not.
            context.load_verify_locations(cafile=str(path))
    except OSError as error:
        raise InputError.of(
            variable, f"must be a file of trusted certificates in PEM: {_reason(error)} (is {str(path)!r})"
        ) from None
    return context


def _add_client_certificate(context: gevent.ssl.SSLContext) -> None:
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
