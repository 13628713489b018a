"""Bodies for the log without their content coding. What is passed on stays coded."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli

from loadtests.reverse_proxy.headers import Header, tokens

LARGEST = 1 << 20
"""Bytes of a body after decoding; a body that is larger is not read."""
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def decoded(body: bytes, headers: list[Header]) -> bytes | None:
    """Returns the body as it was before coding; None if it cannot be read."""
    codings = tokens(headers, b"content-encoding") - {b"identity"}
    if not codings or not body:
        return body
    decode = _DECODERS.get(next(iter(codings))) if len(codings) == 1 else None
    return decode(body) if decode else None


def _inflated(body: bytes) -> bytes | None:
    try:
        decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
        data = decoder.decompress(body, LARGEST)
    except zlib.error:
        return None
    return data if decoder.eof else None


def _unbrotlied(body: bytes) -> bytes | None:
    try:
        decoder = brotli.Decompressor()
        data: bytes = decoder.process(body, output_buffer_limit=LARGEST)
    except brotli.error:
        return None
    return data if decoder.is_finished() else None


_DECODERS: dict[bytes, Callable[[bytes], bytes | None]] = {
    b"gzip": _inflated,
    b"x-gzip": _inflated,
    b"deflate": _inflated,
    b"br": _unbrotlied,
}
