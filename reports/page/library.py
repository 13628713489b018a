"""What draws the charts: Vega out of the installed package, as the text of a script element."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from markupsafe import Markup

# As one script: the bundle holds Vega with its companions, or not at all.
_PROGRAM = "import sys, vl_convert; sys.stdout.buffer.write(vl_convert.javascript_bundle().encode())"

_made: list[Markup] = []


@contextmanager
def library() -> Iterator[Callable[[], Markup]]:
    """It is made beside whatever is done within `with`, since it takes two seconds and 80 MB; what is given waits for it."""
    if _made:
        yield lambda: _made[0]
        return
    with ThreadPoolExecutor(1) as thread:
        # In a session of its own: an interrupt from the terminal is for us to answer.
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM], stdout=subprocess.PIPE, start_new_session=True
        )
        try:
            reading = thread.submit(_read, process)
            yield lambda: _script(reading)
        finally:
            process.kill()


def _read(process: subprocess.Popen[bytes]) -> str:
    script, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return script.decode()


def _script(reading: Future[str]) -> Markup:
    if not _made:
        # Within <script> nothing is escaped; only these two could end it, or change how it is read.
        _made.append(Markup(reading.result().replace("</script", "<\\/script").replace("<!--", "<\\!--")))
    return _made[0]
