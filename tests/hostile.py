"""`make test-hostile`: runs pytest in an environment in which everything that could change a result is set.

A test that passes elsewhere and fails here depends on the user's environment. Arguments go to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

_NOWHERE = "http://192.0.2.1:9"
"""A proxy or host that does not answer (TEST-NET-1)."""

_VARIABLES = {
    "KONPRO_API_KEY": "the-key-of-the-user",
    "KONPRO_BASE_URL": _NOWHERE,
    **{name: _NOWHERE for lower in ("http_proxy", "https_proxy", "all_proxy") for name in (lower, lower.upper())},
    "NO_PROXY": "",
    "LOCUST_HOST": _NOWHERE,
    "LOCUST_USERS": "1000",
    "LOCUST_RUN_TIME": "1h",
    "LOCUST_HEADLESS": "false",
    "LOCUST_LOGLEVEL": "CRITICAL",
    "LOCUST_MASTER_NODE_PORT": "1",
    "LOCUST_MASTER_PORT": "1",
    "STREAMSOAK_RUN": "/nonexistent",
    "STREAMSOAK_LIMIT": "1",
    "GITHUB_ACTIONS": "true",
    "GITHUB_STEP_SUMMARY": "/nonexistent/summary.md",
    "GITHUB_WORKSPACE": "/nonexistent",
    "CI": "true",
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "de_DE.ISO-8859-1",
    "TZ": "Pacific/Chatham",
    "COLUMNS": "17",
    "LINES": "3",
    "TERM": "dumb",
    "NO_COLOR": "1",
    "FORCE_COLOR": "1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PYTHONHASHSEED": "4",
    "PYTHONIOENCODING": "ascii",
    "PYTHONPATH": "/nonexistent",
    "PYTHONSAFEPATH": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_ADDOPTS": "",
    "REQUESTS_CA_BUNDLE": "/nonexistent/ca.pem",
    "SSL_CERT_FILE": "/nonexistent/ca.pem",
    "GEVENT_RESOLVER": "ares",
}
_LOCUST_CONF = f"host = {_NOWHERE}\nusers = 1000\nrun-time = 1h\nloglevel = CRITICAL\nweb-port = 1\n"


def main() -> int:
    """Run pytest with the hostile variables and a HOME that holds a Locust configuration; its exit code."""
    with tempfile.TemporaryDirectory(prefix="hostile-home-") as home:
        (Path(home) / ".locust.conf").write_text(_LOCUST_CONF, encoding="utf-8")
        (Path(home) / ".config").mkdir()
        environment = {**os.environ, **_VARIABLES, "HOME": home, "XDG_CONFIG_HOME": f"{home}/.config"}
        # -E as in the Makefile: PYTHON* variables would change pytest itself before a test could remove them.
        command = [sys.executable, "-E", "-m", "pytest", *sys.argv[1:]]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
