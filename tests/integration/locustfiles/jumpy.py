"""The locustfile on a machine whose wall clock is set an hour ahead two seconds after it is loaded."""

import time

_REAL, _BEGAN = time.time, time.monotonic()


def _moved() -> float:
    return _REAL() + (3600 if time.monotonic() > _BEGAN + 2 else 0)


time.time = _moved

from loadtests.plugin.install import install  # noqa: E402 - modules that import the clock by name get ours

globals().update(install())
