"""The options that streamsoak adds to Locust's: name, help and settings. Imports nothing of Locust, so that help is quick."""

from __future__ import annotations

from typing import Any

from loadtests.model.run.run_name import RUNS
from loadtests.model.text.units import read_duration

NO_SCENARIO = "none"
STAGES, USERS = "stages", "users"
"""The values of --load."""

SCENARIO: dict[str, Any] = {
    "help": "name or file of a scenario: load stages, concurrency limit, gates",
    "default": "",
    "env_var": "STREAMSOAK_SCENARIO",
}
IN_FORM = frozenset(
    {
        "--load",
        "--api",
        "--limit",
        "--observe",
        "--seed",
        "--allow-leaks",
        "--max-open",
        "--max-session-minutes",
        "--shared-account",
        "--rehearse-guards",
        "--real",
    }
)
"""Fields of the web UI's start form, besides `--scenario`."""
FIELDS: dict[str, str] = {
    "scenario": "Scenario",
    "host": "Host",
    "sandbox": "Sandbox",
    "api": "API",
    "load": "Load",
    "user_count": "Users",
    "spawn_rate": "Users started a second",
    "run_time": "Run time",
    "limit": "Limit of concurrent sessions",
    "observe": "Wait for leaks, in seconds",
    "seed": "Random seed",
    "max_open": "Most sessions open at once",
    "max_session_minutes": "Most session-minutes",
    "allow_leaks": "Allow leaks",
    "shared_account": "Others use this account",
    "real": "This address leads to a real account",
    "rehearse_guards": "Rehearse the limits for real accounts",
}
"""The labels of the start page's fields, by the Python name of the option."""
OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "--load": (
        "with a scenario: run its stages, or Locust's users, spawn rate and run time",
        {"choices": [STAGES, USERS], "default": STAGES},
    ),
    "--api": (
        "API to test: a name or a description file (default: the scenario's, or konpro; see streamsoak apis)",
        {"default": "", "metavar": "NAME|FILE", "env_var": "STREAMSOAK_API"},
    ),
    "--profile-file": (
        "additional profile (repeatable)",
        {"action": "append", "default": [], "metavar": "FILE"},
    ),
    "--sandbox": ("start the sandbox and use it as the host", {"action": "store_true"}),
    "--sandbox-log": (
        "with --sandbox: write each change of a session to FILE, as lines of JSON",
        {"default": "", "metavar": "FILE"},
    ),
    "--defect": (
        "with --sandbox: inject a defect (repeatable; see streamsoak sandbox --help)",
        {"action": "append", "default": [], "metavar": "NAME[=VALUE]"},
    ),
    "--run-dir": (f"parent of the runs' directories (default: {RUNS})", {"default": str(RUNS), "metavar": "DIR"}),
    "--limit": ("concurrency limit of the account, and of the sandbox", {"type": int, "metavar": "N"}),
    "--observe": (
        "wait at most so long for leaks to be reaped at the end of the run, for example 90 or 2m",
        {"type": read_duration, "metavar": "TIME"},
    ),
    "--allow-leaks": ("allow profiles that leave sessions open on a real account", {"action": "store_true"}),
    "--max-open": (
        "open at most N sessions at once; required on a real account",
        {"type": int, "metavar": "N"},
    ),
    "--max-session-minutes": (
        "end the run when its sessions have used N minutes in total",
        {"type": float, "metavar": "N"},
    ),
    "--max-disk": (
        "end the run when its directory reaches SIZE, for example 500MB or 2GB",
        {"default": "", "metavar": "SIZE"},
    ),
    "--metrics-port": (
        "serve Prometheus metrics on this port of this machine (the web UI serves them at /metrics)",
        {"type": int, "metavar": "PORT"},
    ),
    "--shared-account": ("allow sessions of others on the account", {"action": "store_true"}),
    "--real": (
        "the host costs money although it is on this machine: a port-forward, a tunnel or a proxy",
        {"action": "store_true"},
    ),
    "--rehearse-guards": ("apply the guards for real accounts on this machine too", {"action": "store_true"}),
    "--seed": ("random seed for the run (default: the scenario's)", {"type": int, "metavar": "N"}),
}
