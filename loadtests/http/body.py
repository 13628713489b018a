"""Reads a response's head where the parser does not: framing by the end of the connection, content codings, Retry-After."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

BOM = b"\xef\xbb\xbf"
LONGEST_WAIT_SECONDS = 3600.0
"""Of a Retry-After header."""

_FRAMED = re.compile(rb"^(?:content-length:|transfer-encoding:[^\r\n]*\bchunked\b)", re.IGNORECASE | re.MULTILINE)
_CODING = re.compile(rb"^content-encoding:[ \t]*([\w.,\- \t]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_RETRY_AFTER = re.compile(rb"^retry-after:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_DATE = re.compile(rb"^date:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_CHUNKED_TAB = re.compile(rb"^transfer-encoding:[^\r\n]*chunked *\t", re.IGNORECASE | re.MULTILINE)
_LARGEST_HEAD = 1 << 14
_HEAD_END = b"\r\n\r\n"
_GZIP = zlib.MAX_WBITS | 16
_GZIP_BEGINS = b"\x1f\x8b"


class UndecodableError(ValueError):
    """The body has a coding that is not known, is damaged, or is too large when decoded."""


def final_head(response: bytes | bytearray) -> tuple[bytes, int]:
    """Returns the head of the final response, after any interim ones (1xx), and where its body begins.

    b"" if the head is incomplete.
    """
    start = len(response) - len(response.lstrip(b"\r\n"))
    while (end := response.find(_HEAD_END, start)) >= 0:
        head = bytes(response[start : end + 2])
        start = end + len(_HEAD_END)
        status = head.split(b" ", 2)[1:2]
        if not status or not status[0].startswith(b"1"):
            return head, start
    return b"", 0


def ends_with_connection(head: bytes) -> bool:
    """Whether the body has neither a length nor chunks, so that it ends with the connection (RFC 9112, section 6.3)."""
    return bool(head) and not _FRAMED.search(head)


def is_misread(response: bytes | bytearray) -> bool:
    """Whether llhttp takes a chunked body for one that ends with the connection: it does not skip a tab behind the word."""
    return _CHUNKED_TAB.search(response, 0, _LARGEST_HEAD) is not None


def decoded(body: bytes, head: bytes, largest: int) -> bytes:
    """Returns the body without its content coding and byte-order mark. Raises UndecodableError."""
    found = _CODING.search(head)
    return without_codings(body, found[1] if found else b"", largest)


def without_codings(body: bytes, codings: bytes, largest: int) -> bytes:
    """Returns the body without the codings that a Content-Encoding header names, and without its byte-order mark. Raises
    UndecodableError.
    """
    for coding in reversed(codings.lower().split(b",")):
        body = _decode(coding.strip(), body, largest)
    return body.removeprefix(BOM)


def retry_after(head: bytes) -> float:
    """Returns the seconds of the Retry-After header, from 0 to `LONGEST_WAIT_SECONDS`; 0 without one.

    A date counts from the response's own Date, by the server's clock; without one from now.
    """
    found = _RETRY_AFTER.search(head)
    if not found:
        return 0.0
    if found[1].isdigit():
        return min(float(found[1]), LONGEST_WAIT_SECONDS)
    until = _unix(found[1])
    date = _DATE.search(head)
    now = (_unix(date[1]) if date else None) or time.time()
    return 0.0 if until is None else min(max(until - now, 0.0), LONGEST_WAIT_SECONDS)


def _unix(date: bytes) -> float | None:
    try:
        parsed = parsedate_to_datetime(date.decode("latin-1"))
    except (ValueError, OverflowError):
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _decode(coding: bytes, body: bytes, largest: int) -> bytes:
    if coding in (b"", b"identity") or not body:
        return body
    decoders: dict[bytes, Callable[[bytes, int], bytes]] = {
        b"gzip": _gunzip,
        b"x-gzip": _gunzip,
        b"deflate": _deflate,
        b"br": _brotli,
    }
    if coding not in decoders:
        raise UndecodableError(f"unknown content coding {coding!r}")
    result = decoders[coding](body, largest)
    if len(result) > largest:
        raise UndecodableError("the decoded body is too large")
    return result


def _inflate(window: int, body: bytes, largest: int) -> tuple[bytes, bytes]:
    """Returns what is decoded, and what follows. Little more than `largest` bytes are decoded."""
    decoder = zlib.decompressobj(window)
    try:
        result = decoder.decompress(body, largest + 1)
    except zlib.error as error:
        raise UndecodableError(str(error)) from None
    if not decoder.eof and len(result) <= largest:
        raise UndecodableError("the coded body is incomplete")
    return result, decoder.unused_data


def _gunzip(body: bytes, largest: int) -> bytes:
    """One or more members (RFC 1952, section 2.2). What follows and is none is ignored, as `gzip` does."""
    result, rest = _inflate(_GZIP, body, largest)
    while rest.startswith(_GZIP_BEGINS) and len(result) <= largest:
        more, rest = _inflate(_GZIP, rest, largest)
        result += more
    return result


def _deflate(body: bytes, largest: int) -> bytes:
    """With the zlib header that the standard requires, or without it, as some servers send it (RFC 9110, section 8.4.1.2)."""
    try:
        return _inflate(zlib.MAX_WBITS, body, largest)[0]
    except UndecodableError:
        return _inflate(-zlib.MAX_WBITS, body, largest)[0]


def _brotli(body: bytes, largest: int) -> bytes:
    """Needs the library `brotli`, 1.2 or newer: older ones cannot limit what they decode."""
    try:
        import brotli  # type: ignore[import-untyped]
    except ImportError:
        raise UndecodableError("no library for the content coding br") from None
    decoder = brotli.Decompressor()
    try:
        result = bytes(decoder.process(body, output_buffer_limit=largest + 1))
    except (brotli.error, TypeError) as error:
        raise UndecodableError(str(error)) from None
    if not decoder.is_finished() and len(result) <= largest:
        raise UndecodableError("the coded body is incomplete")
    return result
