"""The locustfile with loops whose second step fails; at the end it writes down which there were, and greenlets of other kinds."""

import gc
import json
import os
from collections import Counter
from pathlib import Path

import gevent
from locust import events

from loadtests.processes import greenlets

STEPS: Counter[str] = Counter()
_start_loop = greenlets._loop


def _failing_loop(name, step, on_error):  # type: ignore[no-untyped-def]
    def failing():  # type: ignore[no-untyped-def]
        STEPS[name] += 1
        if STEPS[name] == 2 and name != "waking tasks":
            raise RuntimeError(f"injected while {name}")
        return step()

    _start_loop(name, failing, on_error)


greenlets._loop = _failing_loop
greenlets.PAUSE_SECONDS = 0.1

from loadtests.plugin.install import install  # noqa: E402 - its modules start loops by the patched function

globals().update(install())


@events.quit.add_listener
def _write_down(**_: object) -> None:
    functions = [
        found._run for found in gc.get_objects() if isinstance(found, gevent.Greenlet) and hasattr(found, "_run")
    ]
    ours = {
        getattr(function, "__qualname__", "")
        for function in functions
        if getattr(function, "__module__", "").startswith("loadtests.")
        and getattr(function, "__module__", "") != "loadtests.processes.greenlets"
    }
    told = {"steps": STEPS, "others": sorted(ours)}
    Path(os.environ["LOOPS_FILE"]).with_suffix(f".{os.getpid()}.json").write_text(json.dumps(told), encoding="utf-8")
