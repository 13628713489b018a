"""A certificate authority for one audit. Its key is never written to a file; it ends with the process."""

from __future__ import annotations

import base64
import hashlib
import ssl
from datetime import datetime, timedelta

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_VALID = timedelta(days=30)
"""Longer than any audit, and short enough for clients that refuse certificates of many years."""


class Authority:
    """A new certificate authority."""

    def __init__(self) -> None:
        self._authority = trustme.CA(organization_name="streamsoak audit", organization_unit_name="for one audit only")
        self.certificate = self._authority.cert_pem.bytes()
        """Its certificate, in PEM."""

    @property
    def pin(self) -> str:
        """SHA-256 of its public key in base64, as Chromium's --ignore-certificate-errors-spki-list takes it."""
        key = x509.load_pem_x509_certificate(self.certificate).public_key()
        info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(info).digest()).decode()

    def server_context(self, host: str, folder: str) -> ssl.SSLContext:
        """Returns the settings of a TLS server that is `host`, for HTTP/1.1.

        OpenSSL reads keys only from files: the key of the host's certificate is for milliseconds in one in `folder`, mode 0600.
        """
        now = datetime.now()
        leaf = self._authority.issue_cert(host, not_before=now - timedelta(days=1), not_after=now + _VALID)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # With the authority's certificate in the chain, because Chromium looks for the pin in it.
        chain = trustme.Blob(leaf.private_key_and_cert_chain_pem.bytes() + self.certificate)
        with chain.tempfile(folder) as path:
            context.load_cert_chain(path)
        return context
