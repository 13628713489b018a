"""Users without greenlets: Locust counts and stops them as it does its own, at once and with --stop-timeout."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Run as a process of its own: importing locust monkey-patches the standard library.
_RUN = """
import sys

import gevent
from locust.env import Environment

from loadtests.users import StreamingUser

class Calm(StreamingUser):
    profile = {}

class Lively(StreamingUser):
    profile = {}

environment = Environment(user_classes=[Calm, Lively], stop_timeout=float(sys.argv[1]))
runner = environment.create_local_runner()
for number in (20, 6, 11):
    runner.start(number, spawn_rate=1000)
    with gevent.Timeout(20):
        while runner.user_count != number or runner.state != "running":
            gevent.sleep(0.01)
    print(*sorted(runner.user_classes_count.values()))
with gevent.Timeout(20):
    runner.stop()
print(runner.user_count, len(runner.user_greenlets), runner.state)
"""


@pytest.mark.parametrize("stop_timeout", ["0", "30"])
def test_users_come_and_go(stop_timeout: str) -> None:
    """Up, down, up and all away; nothing waits for --stop-timeout, as nobody has a task to end."""
    command = [sys.executable, "-c", _RUN, stop_timeout]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines() == ["10 10", "3 3", "5 6", "0 0 stopped"], done.stderr
