"""Prints as JSON what the installed Locust has of the private and undocumented API that the plugin uses.

Run as a process of its own: importing locust monkey-patches the standard library. Functions are printed as the list of their
parameters, other values as their type, what is missing as null.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable
from typing import Any

from gevent.pool import Group
from locust import User, argument_parser, rpc, stats, task
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerNode, WorkerRunner
from locust.web import WebUI


class Idle(User):
    """A user that only waits."""

    wait_time = staticmethod(lambda: 1000.0)

    @task
    def nothing(self) -> None:
        """Nothing."""


def described(owner: Any, name: str) -> Any:
    """The parameters of a function, the type of another value; None: there is none of that name."""
    if not hasattr(owner, name):
        return None
    value = getattr(owner, name)
    return list(inspect.signature(value).parameters) if inspect.isroutine(value) else type(value).__name__


def dispatcher() -> UsersDispatcher:
    """One that has dispatched two users to one worker."""
    made = UsersDispatcher([WorkerNode("worker-1")], [Idle])
    made.new_dispatch(target_user_count=2, spawn_rate=2)
    list(made)
    return made


def started_user() -> User:
    """A user that Locust itself has started."""
    user = Idle(Environment(user_classes=[Idle]))
    user.start(Group())
    return user


def main() -> None:
    """Print the table."""
    environment = Environment(user_classes=[Idle])
    local = environment.create_local_runner()
    master = Environment(user_classes=[Idle]).create_master_runner("127.0.0.1", 0)
    worker = Environment(user_classes=[Idle]).create_worker_runner("127.0.0.1", master.server.port)
    entry = stats.StatsEntry(environment.stats, "name", "POST")
    owners: dict[str, tuple[Any, str]] = {
        "UsersDispatcher": (
            UsersDispatcher,
            "_dispatcher _user_gen _wait_between_dispatch_iteration_context _get_user_current_count __next__ add_worker",
        ),
        "dispatcher": (
            dispatcher(),
            "_worker_nodes _worker_node_generator _users_on_workers _current_user_count _active_users"
            " _dispatch_in_progress _user_count_per_dispatch_iteration dispatch_in_progress",
        ),
        "WorkerNode": (WorkerNode("worker-1"), "id state"),
        "Runner": (Runner, "register_message"),
        "MasterRunner": (MasterRunner, "send_message get_worker_index"),
        "master": (master, "_users_dispatcher clients target_user_count spawn_rate"),
        "WorkerRunner": (WorkerRunner, "send_message"),
        "worker": (worker, "client client_id worker_index"),
        "worker.client": (worker.client, "socket"),
        "worker.client.socket": (worker.client.socket, "send"),
        "Message": (rpc.Message, "__init__ serialize"),
        "argument_parser": (argument_parser, "default_args_dict"),
        "user": (started_user(), "_group _greenlet"),
        "User": (User, "start stop"),
        "EventHook": (environment.events.request, "_handlers"),
        "StatsEntry": (stats.StatsEntry, "__init__ extend"),
        "stats": (stats, "bucket_response_time"),
        "entry": (
            entry,
            "num_requests total_response_time max_response_time num_reqs_per_sec response_times total_content_length"
            " min_response_time last_request_timestamp",
        ),
        "Environment": (
            environment,
            "available_user_classes available_user_tasks user_classes_by_name dispatcher_class shape_class",
        ),
        "WebUI": (WebUI, "auth_required_if_enabled"),
    }
    found = {
        f"{title}.{name}": described(owner, name) for title, (owner, names) in owners.items() for name in names.split()
    }
    found["request listeners of a runner"] = len(environment.events.request._handlers)
    found["active user"] = [type(part).__name__ for part in dispatcher()._active_users[0]]
    found["users on workers"] = dispatcher()._users_on_workers
    found["new_dispatch runs _dispatcher"] = _runs_override("_dispatcher", lambda made: made.new_dispatch(1, 1.0))
    found["a dispatcher draws users by _user_gen"] = _runs_override("_user_gen", lambda made: None)
    json.dump(found, sys.stdout)
    sys.stdout.flush()
    for runner in (worker, master, local):
        runner.quit()


def _runs_override(method: str, use: Callable[[UsersDispatcher], None]) -> bool:
    called: list[str] = []

    def override(self: UsersDispatcher) -> Any:
        called.append(method)
        return original(self)

    original = getattr(UsersDispatcher, method)
    use(type("Overriding", (UsersDispatcher,), {method: override})([WorkerNode("worker-1")], [Idle]))
    return called == [method]


if __name__ == "__main__":
    main()
