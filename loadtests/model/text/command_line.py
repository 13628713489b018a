"""Says what is wrong with a command line, in place of argparse's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from loadtests.model.text.suggestion import nearest

_UNKNOWN = "unrecognized arguments: "
_REQUIRED = "the following arguments are required: "
_KINDS = {
    "int": "must be a whole number",
    "float": "must be a number",
    "read_duration": "must be a duration: a number of seconds, or for example '90s', '5m', '1h30m'",
}
_INVALID = re.compile(r"(?:argument )?(?P<option>\S+): invalid (?P<kind>\w+) value: (?P<value>.*)", re.DOTALL)


def in_our_words(message: str, options: Iterable[str]) -> str:
    """Returns argparse's `message` in our words. `options`: those that exist."""
    if _UNKNOWN in message:
        given = message.partition(_UNKNOWN)[2].split(" ")[0]
        return f"no option or argument {given!r}{nearest(given.partition('=')[0], options)}"
    if message.startswith(_REQUIRED):
        # What stands in brackets may be left out.
        names = [name for name in message.removeprefix(_REQUIRED).split(", ") if not name.startswith("[")]
        return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} required"
    if (match := _INVALID.fullmatch(message)) and match["kind"] in _KINDS:
        return f"{match['option'].rpartition('/')[2]}: {_KINDS[match['kind']]} (is {match['value']})"
    return message.removeprefix("argument ")
