"""The private and undocumented API of Locust that the plugin uses: after an upgrade, this says exactly what has changed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

BOUND_SECONDS = 60.0

# By the module of loadtests.plugin that uses it: the parameters of a function, the type of another value.
SHAPE = {
    "UsersDispatcher._dispatcher": ["self"],
    "UsersDispatcher._user_gen": ["self"],
    "UsersDispatcher._wait_between_dispatch_iteration_context": ["self"],
    "UsersDispatcher._get_user_current_count": ["self", "user"],
    "UsersDispatcher.__next__": ["self"],
    "UsersDispatcher.add_worker": ["self", "worker_node"],
    "dispatcher._worker_node_generator": "cycle",
    "dispatcher._users_on_workers": "dict",
    "dispatcher._current_user_count": "int",
    "dispatcher._active_users": "list",
    "dispatcher._dispatch_in_progress": "bool",
    "dispatcher._user_count_per_dispatch_iteration": "int",
    "active user": ["WorkerNode", "str"],
    "users on workers": {"worker-1": {"Idle": 2}},
    "new_dispatch runs _dispatcher": True,
    "a dispatcher draws users by _user_gen": True,
}
MASTER = {
    "master._users_dispatcher": "NoneType",
    "master.clients": "WorkerNodes",
    "master.target_user_count": "int",
    "master.spawn_rate": "float",
    "dispatcher._worker_nodes": "list",
    "dispatcher.dispatch_in_progress": "bool",
    "WorkerNode.id": "str",
    "WorkerNode.state": "str",
    "MasterRunner.send_message": ["self", "msg_type", "data", "client_id"],
    "MasterRunner.get_worker_index": ["self", "client_id"],
}
MESSAGES = {
    "Runner.register_message": ["self", "msg_type", "listener", "concurrent"],
    "WorkerRunner.send_message": ["self", "msg_type", "data", "client_id"],
    "worker.client": "Client",
    "worker.client_id": "str",
    "worker.worker_index": "int",
    "worker.client.socket": "_Socket",
    "worker.client.socket.send": ["data", "flags", "copy", "track", "kwargs"],
    "Message.__init__": ["self", "message_type", "data", "node_id"],
    "Message.serialize": ["self"],
    "argument_parser.default_args_dict": [],
}
USER = {
    "user._group": "Group",
    "user._greenlet": "Greenlet",
    "User.start": ["self", "group"],
    "User.stop": ["self", "force"],
}
STATISTICS = {
    "EventHook._handlers": "list",
    "request listeners of a runner": 1,
    "stats.bucket_response_time": ["response_time"],
    "StatsEntry.__init__": ["self", "stats", "name", "method", "use_response_times_cache"],
    "StatsEntry.extend": ["self", "other"],
    "entry.num_requests": "int",
    "entry.total_response_time": "int",
    "entry.min_response_time": "NoneType",
    "entry.max_response_time": "int",
    "entry.num_reqs_per_sec": "defaultdict",
    "entry.response_times": "defaultdict",
    "entry.total_content_length": "int",
    "entry.last_request_timestamp": "NoneType",
}
SETUP = {
    "Environment.available_user_classes": "NoneType",
    "Environment.available_user_tasks": "NoneType",
    "Environment.user_classes_by_name": "dict",
    "Environment.dispatcher_class": "ABCMeta",
    "Environment.shape_class": "NoneType",
    "WebUI.auth_required_if_enabled": ["self", "view_func"],
}
EXPECTED: dict[str, object] = {**SHAPE, **MASTER, **MESSAGES, **USER, **STATISTICS, **SETUP}


@pytest.fixture(scope="module")
def installed() -> dict[str, Any]:
    """What the installed Locust has."""
    command = [sys.executable, "-m", "tests.unit.locust_private_api"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_locust_has_what_the_plugin_uses(installed: dict[str, Any], name: str) -> None:
    """It exists, with the parameters or the type that the plugin expects."""
    assert installed[name] == EXPECTED[name], f"the installed Locust has changed {name}"


def test_nothing_is_described_that_is_not_expected(installed: dict[str, Any]) -> None:
    """Each has an expectation."""
    assert installed.keys() == EXPECTED.keys()
