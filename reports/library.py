"""What draws the charts: Vega out of the installed package, as the text of a script element."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO

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
    with tempfile.TemporaryFile() as file:
        process = subprocess.Popen([sys.executable, "-I", "-c", _PROGRAM], stdin=subprocess.DEVNULL, stdout=file)
        try:
            yield partial(_script, process, file)
        finally:
            process.kill()
            process.wait()


def _script(process: subprocess.Popen[bytes], file: IO[bytes]) -> Markup:
    if not _made:
        if process.wait():
            raise RuntimeError("vl-convert made no bundle of Vega")
        file.seek(0)
        # Within <script> nothing is escaped; only these two could end it, or change how it is read.
        script = file.read().decode().replace("</script", "<\\/script").replace("<!--", "<\\!--")
        _made.append(Markup(script))
    return _made[0]
