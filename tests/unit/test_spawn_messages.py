"""A worker that receives Locust's `spawn` message."""

from __future__ import annotations

import subprocess
import sys

BOUND_SECONDS = 60.0

# Run as a process of its own: importing locust monkey-patches the standard library.
RECEIVE = """
import time
from locust import User, argument_parser
from locust.env import Environment
from locust.rpc import Message

from loadtests.plugin.messaging.spawn_messages import remember_options

class Idle(User):
    pass

built = []
build = argument_parser.setup_parser_arguments
argument_parser.setup_parser_arguments = lambda parser: (built.append(parser), build(parser))
remember_options()
remember_options()
master = Environment(user_classes=[Idle]).create_master_runner("127.0.0.1", 0)
environment = Environment(user_classes=[Idle])
environment.parsed_options = argument_parser.get_parser().parse_args([])
worker = environment.create_worker_runner("127.0.0.1", master.server.port)
built.clear()
options = {**vars(environment.parsed_options), "users": 7, "run_dir": "theirs", "expect_workers": 3}
for number in range(3):
    job = {"timestamp": time.time() + number, "host": "", "stop_timeout": 0, "user_classes_count": {}, "parsed_options": options}
    worker.handle_message(Message("spawn", job, None))
has = environment.parsed_options
print(len(built), has.run_dir, has.expect_workers, has.num_users)
worker.quit()
master.quit()
"""


def test_a_worker_builds_locusts_options_once() -> None:
    """However many messages come, and with the same effect: it takes over the master's options but for Locust's own."""
    done = subprocess.run(
        [sys.executable, "-c", RECEIVE], capture_output=True, text=True, timeout=BOUND_SECONDS, check=False
    )
    assert done.stdout.split() == ["1", "theirs", "3", "None"], done.stderr
