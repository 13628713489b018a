"""Mutations of a small corpus: bytes that are lost, doubled or others, and values that nobody would write."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

CORPUS = Path(__file__).parent / "corpus"
HOSTILE = (
    b"-1", b"0", b"1e308", b"nan", b"inf", b"-inf", b"99999999999999999999", b'""', b'"nan s"', b"[]", b"{}", b"null", b"true",
    b'"1000000h"', b'"\\u0000"', b'"\xf0\x9f\x98\x80"', b"\xff\xfe", b"\x00", b"[[[[[[[[", b"]", b"}", b"=", b"\n", b'"', b"../",
    b'{ kind = "constant", value = -1 }', b'{ kind = "no-such" }', b'"1e400/min"', b'"0/min"', b"1970-01-01",
)  # fmt: skip


def mutated(name: str) -> st.SearchStrategy[bytes]:
    """The file of that name in the corpus, after a few mutations."""
    whole = (CORPUS / name).read_bytes()
    return st.lists(_mutations(len(whole)), min_size=1, max_size=4).map(lambda changes: apply(whole, changes))


def apply(data: bytes, changes: list[tuple[str, int, int, bytes]]) -> bytes:
    """Carry mutations out, one after the other."""
    for what, at, length, put in changes:
        at, end = min(at, len(data)), min(at + length, len(data))
        if what == "cut":
            data = data[:at]
        elif what == "double":
            data = data[:end] + data[at:end] + data[end:]
        else:
            # A whole value, where there is one: what stands between two separators.
            at, end = _value(data, at) if what == "value" else (at, end)
            data = data[:at] + put + data[end:]
    return data


def _mutations(size: int) -> st.SearchStrategy[tuple[str, int, int, bytes]]:
    return st.tuples(
        st.sampled_from(("value", "value", "put", "double", "cut")),
        st.integers(0, size),
        st.integers(0, 40),
        st.sampled_from(HOSTILE) | st.binary(max_size=8),
    )


def _value(data: bytes, at: int) -> tuple[int, int]:
    start = max(data.rfind(mark, 0, at) for mark in (b"=", b":", b",", b"\n")) + 1
    ends = [found for mark in (b"\n", b",", b"}", b"]") if (found := data.find(mark, max(at, start))) >= 0]
    return start, min(ends, default=len(data))
