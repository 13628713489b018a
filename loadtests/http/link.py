"""The `Link` header of an answer (RFC 8288): the address of the next page of a list."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

_HEADER = re.compile(rb"^link:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_PARAMETER = r"""[ \t]*;[ \t]*([^\s=;,"]+)[ \t]*(?:=[ \t]*("(?:[^"\\]|\\.)*"|[^\s";,]*))?"""
_LINK = re.compile(rf"<([^>]*)>((?:{_PARAMETER})*)")
_ONE_PARAMETER = re.compile(_PARAMETER)


def next_link(head: bytes) -> str:
    """Returns the target of the first link with the relation `next` in the head of a response; "" if there is none."""
    text = ", ".join(value.decode("latin-1") for value in _HEADER.findall(head))
    for link in _LINK.finditer(text):
        # Only the first `rel` counts (section 3.3); it may name several relations.
        relations = (match[2] for match in _ONE_PARAMETER.finditer(link[2]) if match[1].lower() == "rel")
        if "next" in (next(relations, "") or "").strip('"').lower().split():
            return link[1].strip()
    return ""


def target_of(link: str, path: str, prefix: str) -> str:
    """Returns path and query of `link`, which may be relative to `path`, below the origin's prefix.

    Its host is ignored: requests, and the key with them, only go to the API under test.
    """
    address = urlsplit(urljoin(f"//host{prefix}{path}", link))
    target = address.path or "/"
    if prefix and target.startswith(f"{prefix}/"):
        target = target.removeprefix(prefix)
    return f"{target}?{address.query}" if address.query else target
