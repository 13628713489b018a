"""Metrics for Prometheus, out of runs that go on: read by the official client's own parser."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import requests
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from loadtests.plugin.metrics import families
from loadtests.run.snapshot import LATENESS_BOUNDS, ProcessSnapshot

from .crew import free_port
from .locust_run import KEY, ROOT, finish, start_locust

LOGIN = ROOT / "tests" / "integration" / "locustfiles" / "login.py"


def scraped(url: str) -> dict[str, Metric]:
    """The metrics, by name; none while nobody answers."""
    try:
        answer = requests.get(url, timeout=5)
    except requests.ConnectionError:
        return {}
    assert KEY not in answer.text
    return {metric.name: metric for metric in text_string_to_metric_families(answer.text)}


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for `condition`, which has a bound."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)  # between two looks at a condition with a bound


def test_a_headless_run_is_scraped_on_this_machine_only(tmp_path: Path) -> None:
    """Sessions by profile and holder, hits, leaks, lateness, requests, and which run it is; each agrees with the others."""
    port = free_port()
    process = start_locust(
        tmp_path, "--headless", "--sandbox", "--scenario", "smoke", "--only-summary", "--metrics-port", str(port)
    )
    seen: dict[str, Metric] = {}

    def has_figures() -> bool:
        seen.update(scraped(f"http://127.0.0.1:{port}/metrics"))
        told = ("streamsoak_live_sessions", "streamsoak_lateness_seconds")
        return all(name in seen and any(sample.value for sample in seen[name].samples) for name in told)

    until(has_figures)
    listening = Path("/proc/net/tcp").read_text(encoding="utf-8")
    process.send_signal(signal.SIGTERM)
    run = finish(process, tmp_path)
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening
    live = seen["streamsoak_live_sessions"].samples
    assert {sample.labels["holder"] for sample in live} <= {"active", "quiet", "closing", "leaked"}
    assert {sample.labels["profile"] for sample in live} <= {"interactive", "leaky", "reading", "seed-example", "quiet"}
    assert seen["streamsoak_run_info"].samples[0].labels["run"] == run.folder.name
    late = {sample.name: sample.value for sample in seen["streamsoak_lateness_seconds"].samples}
    assert 0 < late["streamsoak_lateness_seconds_count"] <= seen["streamsoak_requests"].samples[0].value


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """Something that is needed is not there; a port that cannot be is the user's mistake."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for port, code, says in ((taken.getsockname()[1], 69, "cannot listen on"), (70000, 64, "1 to 65535")):
            process = start_locust(tmp_path, "--headless", "--sandbox", "-t", "5s", "--metrics-port", str(port))
            output, _ = process.communicate(timeout=60)
            assert process.returncode == code, output
            assert re.search(f"--metrics-port: .*{says}", output)


def test_the_web_uis_metrics_need_its_login(tmp_path: Path) -> None:
    """Where there is one: whoever has not logged in is sent to it, and sees no figure."""
    port = free_port()
    process = start_locust(tmp_path, "--web-port", str(port), "--web-login", locustfile=LOGIN)
    url = f"http://127.0.0.1:{port}/metrics"

    def answers() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/login", timeout=2).status_code < 500
        except requests.ConnectionError:
            return False

    try:
        until(answers)
        answer = requests.get(url, timeout=5, allow_redirects=False)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert answer.status_code == 302
    assert "/login" in answer.headers["Location"]
    assert "streamsoak" not in answer.text


def test_processes_are_added_up() -> None:
    """Workers and master; the histogram ends with all that there were."""
    late = list(range(1, len(LATENESS_BOUNDS) + 2))
    one = ProcessSnapshot(
        1.0, requests=20, leaks=1, lateness=late, lateness_sum=1.5, sessions={"quiet": {"leaked": 1, "quiet": 2}}
    )
    other = ProcessSnapshot(
        1.0, requests=5, hits_by_profile={"quiet": 3}, lateness=late, sessions={"quiet": {"quiet": 4}}
    )
    found = {metric.name: metric for metric in families([ProcessSnapshot(0.0), one, other])}
    live = {sample.labels["holder"]: sample.value for sample in found["streamsoak_live_sessions"].samples}
    assert live == {"leaked": 1, "quiet": 6}
    assert found["streamsoak_concurrency_hits"].samples[0].value == 3
    assert found["streamsoak_requests"].samples[0].value == 25
    late_samples = {
        sample.labels.get("le", sample.name): sample.value for sample in found["streamsoak_lateness_seconds"].samples
    }
    assert late_samples["+Inf"] == 2 * late[-1]
    assert late_samples["0.001"] == 2
    assert late_samples["streamsoak_lateness_seconds_sum"] == 1.5
