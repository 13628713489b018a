"""docs/deploy: the services of the compose file as processes of this machine, and the dashboard against their metrics.

There is no container engine here, so the images of others are not started.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from .crew import free_port
from .locust_run import ROOT

DEPLOY = ROOT / "docs" / "deploy"
_LONGEST_SECONDS = 120.0


def compose() -> dict[str, Any]:
    """The compose file, with the defaults of its variables."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return loaded


def _read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


class Services:
    """Each of our services as a process, with the command and the environment of the compose file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {"8080": str(free_port()), "8089": str(free_port())}
        self._services = compose()["services"]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._master_port = str(free_port())
        self.web = f"http://127.0.0.1:{self._ports['8089']}"

    def start(self, name: str, *more: str) -> subprocess.Popen[bytes]:
        """Starts a service; its output is in a file of its name."""
        service = self._services[name]
        command = [self._local(str(word)) for word in service["command"]]
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(Path(sys.executable).parent / "streamsoak"), *command, *more],
                cwd=self._folder,
                env={**os.environ, **service["environment"], **self._locust()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def are_running(self) -> bool:
        """Whether none has ended."""
        return all(process.poll() is None for process in self._processes)

    def is_healthy(self, name: str) -> bool:
        """Runs the service's own check."""
        kind, python, *check = self._services[name]["healthcheck"]["test"]
        assert (kind, python) == ("CMD", "python")
        checked = [sys.executable, *map(self._local, check)]
        return subprocess.run(checked, capture_output=True, check=False, timeout=30).returncode == 0

    def said(self) -> str:
        """What all services have said."""
        return "\n".join(path.read_text(errors="replace") for path in self._folder.glob("*.log"))

    def _local(self, word: str) -> str:
        """The same word with names and ports of this machine."""
        for port, free in self._ports.items():
            word = re.sub(rf"\b{port}\b", free, word)
        return re.sub(r"(?<=//)sandbox|(?<=master-host=)master|0\.0\.0\.0", "127.0.0.1", word)

    def _locust(self) -> dict[str, str]:
        return {
            "LOCUST_WEB_PORT": self._ports["8089"],
            "LOCUST_MASTER_BIND_HOST": "127.0.0.1",
            "LOCUST_MASTER_BIND_PORT": self._master_port,
            "LOCUST_MASTER_NODE_PORT": self._master_port,
        }


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Metric]]:
    """What Prometheus gets from the master, a few seconds after `docker compose up`."""
    folder = tmp_path_factory.mktemp("compose")
    services = Services(folder)
    with contextlib.ExitStack() as started:

        def start(name: str, *more: str) -> None:
            started.callback(_end, services.start(name, *more))

        start("sandbox")
        _until(lambda: services.is_healthy("sandbox"), services)
        # Here the host is this machine, to which the guards of the compose file apply if they are rehearsed.
        start("master", "--rehearse-guards")
        for _ in range(compose()["services"]["worker"]["deploy"]["replicas"]):
            start("worker")
        found: dict[str, Metric] = {}
        _until(lambda: found.update(_scrape(services.web)) or _has_sessions(found), services)
        yield found
    assert "Traceback" not in services.said()


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _until(condition: Any, services: Services) -> None:
    end = time.monotonic() + _LONGEST_SECONDS
    while not condition():
        assert services.are_running() and time.monotonic() < end, services.said()
        time.sleep(0.2)  # between two looks at a condition with a bound


def _scrape(web: str) -> Mapping[str, Metric]:
    """As prometheus.yml says: its path, and the name by which it calls the master."""
    (job,) = _read("prometheus.yml")["scrape_configs"]
    (target,) = job["static_configs"][0]["targets"]
    try:
        answer = requests.get(f"{web}{job['metrics_path']}", headers={"Host": target}, timeout=5)
    except requests.ConnectionError:
        return {}
    assert answer.ok, answer.text
    return {metric.name: metric for metric in text_string_to_metric_families(answer.text)}


def _has_sessions(found: Mapping[str, Metric]) -> bool:
    live = found.get("streamsoak_live_sessions")
    return live is not None and any(sample.value for sample in live.samples)


def _queries() -> list[str]:
    dashboard = json.loads((DEPLOY / "grafana" / "streamsoak.json").read_text(encoding="utf-8"))
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    (source,) = _read("grafana/datasource.yml")["datasources"]
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"]}
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_the_dashboards_queries_are_about_our_metrics(metrics: dict[str, Metric]) -> None:
    """Each name is a sample of the master's, each label one of its labels, and no metric of ours is left out."""
    labels = {sample.name: set(sample.labels) for metric in metrics.values() for sample in metric.samples}
    shown = set()
    for query in _queries():
        names = re.findall(r"streamsoak_\w+", query)
        assert names and set(names) <= labels.keys(), query
        grouped = {label for group in re.findall(r"by \(([^)]*)\)", query) for label in re.split(r",\s*", group)}
        assert grouped <= labels[names[0]], query
        counts = [name for name in names if name.endswith(("_total", "_bucket"))]
        assert len(counts) == query.count("rate("), f"a count is shown as a rate: {query}"
        shown |= {re.sub("_(bucket|total|info)$", "", name) for name in names}
    assert shown == {re.sub("_(total|info)$", "", name) for name in metrics if name.startswith("streamsoak_")}


def test_the_compose_file_is_valid_and_its_files_exist() -> None:
    """By the schema of the compose specification, and as to what it mounts and whom it calls."""
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run(
        [*checker, str(DEPLOY / "compose.yaml")], capture_output=True, text=True, check=False, timeout=60
    )
    assert checked.returncode == 0, checked.stdout
    services = compose()["services"]
    mounts = [mount for service in services.values() for mount in service.get("volumes", ()) if mount.startswith(".")]
    assert [mount for mount in mounts if not (DEPLOY / mount.split(":")[0]).is_file()] == []
    build = services["master"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT and (ROOT / build["dockerfile"]).is_file()
    (source,) = _read("grafana/datasource.yml")["datasources"]
    (job,) = _read("prometheus.yml")["scrape_configs"]
    called = (source["url"], *job["static_configs"][0]["targets"])
    assert {re.sub(r"^http://|:\d+$", "", address) for address in called} <= services.keys()
    (provider,) = _read("grafana/provider.yml")["providers"]
    assert any(f":{provider['options']['path']}/" in mount for mount in mounts)


def test_the_dockerfile_installs_what_pyproject_asks_for() -> None:
    """Its Python, its sources, and a start that is a console script. test_wheel.py builds from the same sources."""
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    instructions = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = project["requires-python"].removeprefix(">=")
    assert [value.split()[0] for name, value in instructions if name == "FROM"] == [f"python:{least}-slim"] * 2
    copied = {source for name, value in instructions if name == "COPY" for source in shlex.split(value)[:-1]}
    ours = {source for source in copied if not source.startswith(("--", "/"))}
    assert [source for source in ours if not (ROOT / source).exists()] == []
    allowed = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert allowed == ours
    (start,) = [json.loads(value) for name, value in instructions if name == "ENTRYPOINT"]
    assert start[0] in project["scripts"]
