"""The environment variables by which a program finds a proxy, or is kept from one. Pure."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from loadtests.interception.access import Access
from loadtests.interception.policy import Policy

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
"""Each is also set in lower case, which some programs read alone."""
EXEMPT = "NO_PROXY"
REPLACING = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "HTTPLIB2_CA_CERTS",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
)
"""Name a file of certificates that are trusted instead of the program's own."""
ADDING = ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
"""Name a file of certificates that are trusted in addition."""
BROWSER_ARGS = "STREAMSOAK_BROWSER_ARGS"
"""Chromium's flags, for a script that starts it."""
PRELOAD_SETTINGS = "STREAMSOAK_INTERCEPT"
"""What preload.cjs and sitecustomize.py read, as JSON."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def intercepting(access: Access, policy: Policy, preload: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables for a program whose requests are to be intercepted; `environment` is its own so far.

    `preload`: the folder with preload.cjs and sitecustomize.py. Servers on this machine are reached without the proxy. NO_PROXY
    is replaced: with what else it may have named, the program would reach these hosts.
    """
    settings = {
        "host": policy.api.host,
        "tls": dict.fromkeys(sorted(policy.tls_ports), access.tls_port),
        "plain": {port: urlsplit(access.proxy).port for port in sorted(policy.plain_ports)},
        "allowed": policy.allowed,
    }
    return {
        **_both_cases(dict.fromkeys(PROXIES, access.proxy)),
        **_both_cases({EXEMPT: ",".join(_LOOPBACK)}),
        **dict.fromkeys(REPLACING, access.replacing),
        **dict.fromkeys(ADDING, access.adding),
        "NODE_USE_ENV_PROXY": "1",
        "NODE_OPTIONS": f"{environment.get('NODE_OPTIONS', '')} --require {_quoted(preload / 'preload.cjs')}".strip(),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(preload), environment.get("PYTHONPATH")))),
        PRELOAD_SETTINGS: json.dumps(settings),
        BROWSER_ARGS: shlex.join(browser_args(access)),
    }


def exempting(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables that keep a program's requests to `url`, a sandbox, from the proxy that `environment` names.

    Empty if it names none: with NO_PROXY alone, some programs would no longer use the system's proxy for other addresses.
    """
    if not any(environment.get(form) for name in PROXIES for form in (name, name.lower())):
        return {}
    host = urlsplit(url).hostname or ""
    # Lower case takes precedence, as for curl and Python.
    given = environment.get(EXEMPT.lower()) or environment.get(EXEMPT) or ""
    named = [part.strip() for part in given.split(",") if part.strip()]
    return _both_cases({EXEMPT: ",".join(named if host in named or "*" in named else (*named, host))})


def browser_args(access: Access) -> tuple[str, str]:
    """Returns the flags with which Chromium uses the proxy and accepts its certificate.

    Chromium heeds the second only with a --user-data-dir, which Playwright and Puppeteer give it.
    """
    return f"--proxy-server={access.proxy}", f"--ignore-certificate-errors-spki-list={access.pin}"


def _both_cases(variables: Mapping[str, str]) -> dict[str, str]:
    return {form: value for name, value in variables.items() for form in (name, name.lower())}


def _quoted(path: Path) -> str:
    """A path in NODE_OPTIONS (Node's documentation of the variable: double quotes, and a backslash before special characters)."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
