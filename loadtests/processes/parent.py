"""The server's end of the pipe to its parent: answers questions, and ends the server when the parent is gone."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

_CHUNK = 4096


def answer_parent(answer: Callable[[str], str], end: Callable[[], None]) -> None:
    """Prints `answer` of each line on standard input, one line each; calls `end` when standard input ends.

    Call it in the running loop.
    """
    loop, number = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        asked = os.read(number, _CHUNK)
        if not asked:
            loop.remove_reader(number)
            end()
        for question in asked.decode().splitlines():
            print(answer(question), flush=True)

    loop.add_reader(number, read)
