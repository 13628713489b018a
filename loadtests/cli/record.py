"""`streamsoak record`."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from urllib.parse import urlsplit

from loadtests.cli.arguments import add_api, add_run_dir, at_least, duration, size
from loadtests.model.text.input_error import InputError

HELP = "Pass requests on to a real API, and record its calls as an event log for `report`."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--upstream", required=True, metavar="URL", help="the API, for example https://api.konpro.ai")
    parser.add_argument(
        "--listen",
        default="127.0.0.1:0",
        metavar="HOST:PORT",
        help="address to listen on (default: a free port of 127.0.0.1)",
    )
    add_api(parser)
    parser.add_argument("--limit", type=int, metavar="N", help="concurrency limit of the account, for the report")
    add_run_dir(parser)
    parser.add_argument(
        "--rotate", type=duration, default=3600.0, metavar="TIME", help="begin a new file so often (default: 1h)"
    )
    parser.add_argument(
        "--rotate-size", type=size, default=256_000_000, metavar="SIZE", help="or at this size (default: 256MB)"
    )
    parser.add_argument(
        "--keep", type=duration, default=7 * 86_400.0, metavar="TIME", help="delete older files (default: 7d)"
    )
    parser.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="trust these certificates (PEM) of the upstream, and no others (default: SSL_CERT_FILE, or the system's)",
    )
    parser.add_argument(
        "--timeout",
        type=duration,
        default=300.0,
        metavar="TIME",
        help="longest wait for the upstream's answer, and between two parts of it (default: 5m)",
    )
    parser.add_argument(
        "--max-body", type=size, default=64_000_000, metavar="SIZE", help="largest body of a request (default: 64MB)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve and record until interrupted."""
    from loadtests.http.origin import Origin
    from loadtests.model.api.description.default import default_api
    from loadtests.model.text.units import format_duration
    from loadtests.model.text.wording import count
    from loadtests.reverse_proxy.bounds import Bounds
    from loadtests.reverse_proxy.rotation import Rotation
    from loadtests.reverse_proxy.serve import Proxying, serve
    from loadtests.scenarios.catalogue import named_api

    at_least(1, "--limit", arguments.limit)
    for option in ("rotate", "keep", "timeout"):
        seconds = getattr(arguments, option)
        if not 1 <= seconds < math.inf:
            raise InputError.of(f"--{option}", f"must be 1 second or more (is {format_duration(seconds)})")
    host, port = _address(arguments.listen)
    proxied = serve(
        Proxying(
            Origin.parse(arguments.upstream, "--upstream"),
            host,
            port,
            named_api(arguments.api) if arguments.api else default_api(),
            arguments.limit,
            arguments.run_dir,
            Rotation(arguments.rotate, arguments.rotate_size, arguments.keep),
            Bounds(body=arguments.max_body, answer_seconds=arguments.timeout),
            arguments.ca_file,
        ),
        lambda line: print(line, file=sys.stderr, flush=True),
    )
    missing = f"; {count(proxied.lost, 'call')} could not be recorded" if proxied.lost else ""
    print(
        f"Recorded {count(proxied.rows, 'row')}{missing}. Report: streamsoak report {proxied.folder}", file=sys.stderr
    )
    return 0


def _address(text: str) -> tuple[str, int]:
    """Returns host and port of HOST:PORT; raises InputError."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None or parts.path or parts.username is not None:
        raise InputError.of("--listen", f"must be HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080 (is {text!r})")
    return host, port
