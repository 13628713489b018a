"""A scenario's stages as a Locust load shape: the number of users of each class over time."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, ClassVar

from locust import LoadTestShape
from locust.dispatch import UsersDispatcher
from locust.runners import WorkerNode

from loadtests.model.run.plan import LoadPlan
from loadtests.plugin.users.user import class_name

_SPAWN_RATE = 99.0
"""Users per second; Locust warns above 100."""


class ScenarioShape(LoadTestShape):
    """Follows a plan. `--run-time` ends it earlier or extends its last stage."""

    abstract = True
    use_common_options: ClassVar[bool] = True

    def __init__(self, plan: LoadPlan, spawn_rate: float | None, run_time: float | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._plan = plan
        self._spawn_rate = spawn_rate or _SPAWN_RATE
        self._end = run_time or plan.scenario.duration
        self._last_mix: dict[str, int] = {}
        self._changes = 0

    def mix(self) -> dict[str, int]:
        """Returns the number of users of each class now."""
        users = self._plan.all_users(min(self._elapsed(), self._end))
        return {class_name(profile): number for profile, number in users.items()}

    def tick(self) -> tuple[int, float] | None:
        """Returns users and spawn rate; Locust calls this each second."""
        if self.is_over:
            return None
        # Locust ignores a tick with the same user count and rate. So that a change of the mix alone is noticed, each change makes
        # the rate greater by one in the ninth digit.
        mix = self.mix()
        if mix != self._last_mix:
            self._last_mix = mix
            self._changes += 1
        return sum(mix.values()), self._spawn_rate + self._changes * 1e-9

    @property
    def is_over(self) -> bool:
        """Whether the stages, or the run time, have passed."""
        return self._elapsed() >= self._end

    def _elapsed(self) -> float:
        return float(self.get_run_time())  # type: ignore[no-untyped-call]


class MixDispatcher(UsersDispatcher):
    """Brings each class to the number of users that the shape requires.

    Locust's own dispatcher follows weights and removes users of the class that was spawned last.
    """

    shape: ClassVar[ScenarioShape]

    def _dispatcher(self) -> Generator[dict[str, dict[str, int]], None, None]:
        self._dispatch_in_progress = True
        while step := self._next_steps():
            with self._wait_between_dispatch_iteration_context():
                for user_class, change in step:
                    self._add(user_class) if change > 0 else self._remove(user_class)
                yield self._users_on_workers
        yield self._users_on_workers
        self._dispatch_in_progress = False

    def _next_steps(self) -> list[tuple[str, int]]:
        """Returns the users to add (1) or remove (-1) in one iteration."""
        steps: list[tuple[str, int]] = []
        for user_class, wanted in self.shape.mix().items():
            missing = wanted - self._get_user_current_count(user_class)
            steps += [(user_class, 1 if missing > 0 else -1)] * abs(missing)
        return steps[: self._user_count_per_dispatch_iteration]

    def _add(self, user_class: str) -> None:
        worker = next(self._worker_node_generator)
        self._users_on_workers[worker.id][user_class] += 1
        self._current_user_count += 1
        self._active_users.append((worker, user_class))

    def _remove(self, user_class: str) -> None:
        for at in range(len(self._active_users) - 1, -1, -1):
            worker, found = self._active_users[at]
            if found == user_class:
                del self._active_users[at]
                self._users_on_workers[worker.id][user_class] -= 1
                self._current_user_count -= 1
                return

    def _user_gen(self) -> Any:
        # Locust uses this to redistribute users when a worker joins or leaves.
        mix = dict(self.shape.mix())
        while True:
            for user_class in mix:
                if mix[user_class] > 0:
                    mix[user_class] -= 1
                    yield user_class
            if not any(mix.values()):
                yield None


def dispatcher_for(shape: ScenarioShape) -> type[MixDispatcher]:
    """Returns a dispatcher class that follows `shape`; Locust creates the object itself."""
    return type("MixDispatcher", (MixDispatcher,), {"shape": shape})


def tracking(
    base: type[UsersDispatcher],
    report: Callable[[dict[str, dict[str, int]]], None],
    takes_part: Callable[[str], bool],
) -> type[UsersDispatcher]:
    """Returns a subclass of `base` that passes each step to `report` before Locust carries it out: by worker, users per class.

    Workers that join later get users only if `takes_part` returns True for them.
    """

    def step(self: UsersDispatcher) -> dict[str, dict[str, int]]:
        wanted = base.__next__(self)
        report(wanted)
        return wanted

    def add_worker(self: UsersDispatcher, worker_node: WorkerNode) -> None:
        if takes_part(worker_node.id):
            base.add_worker(self, worker_node)

    return type(base.__name__, (base,), {"__next__": step, "add_worker": add_worker})
