"""The words for an API's calls in sentences about them: one mechanism for all reports.

A sentence names what it needs in braces: `{stop}`, `{keep_alive}` and so on by operation, `{idle_timeout}` (the field that asks
for it), `{least}` and `{longest}` (the shortest and longest one that can be asked for). A sentence that needs what the API does
not offer is left out.
"""

from __future__ import annotations

import re

from loadtests.model.api.description.description import ApiDescription
from loadtests.model.api.description.template import IDLE_TIMEOUT, pointer_of
from loadtests.model.api.operation import Operation

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z{])")
_WORD = re.compile(r"\{([a-z_]+)\}")
_NOTHING = "The API offers nothing against it."


def idle_timeout_field(api: ApiDescription) -> str:
    """Returns the name of the field by which a client asks for an idle timeout; "the idle timeout" if it cannot ask."""
    pointer = pointer_of(api.calls[Operation.NEW].body, IDLE_TIMEOUT)
    return pointer.rpartition("/")[2] if pointer else "the idle timeout"


class ApiWords:
    """The words of `api`."""

    def __init__(self, api: ApiDescription) -> None:
        self._words = {operation.value: api.call_name(operation) for operation in Operation if api.has(operation)}
        if Operation.KEEP_ALIVE not in api.activity:
            self._words.pop(Operation.KEEP_ALIVE, None)
        self._words["idle_timeout"] = idle_timeout_field(api)
        if api.idle_timeout.set_by == "client":
            self._words["least"] = f"{api.idle_timeout.least:g} s"
            self._words["longest"] = f"{api.idle_timeout.most:g} s"

    @property
    def known(self) -> frozenset[str]:
        """The words that the API has, without their braces."""
        return frozenset(self._words)

    def filled(self, text: str) -> str:
        """Returns the sentences of `text` that the API has words for, with these words."""
        sentences = [sentence for sentence in _SENTENCE_END.split(text) if self._has_words_for(sentence)]
        return _WORD.sub(lambda match: self._words.get(match[1], match[0]), " ".join(sentences)) or _NOTHING

    def _has_words_for(self, sentence: str) -> bool:
        return all(name in self._words for name in _WORD.findall(sentence))
