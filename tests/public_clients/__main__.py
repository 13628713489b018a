"""`make clients`: installs the packages into a temporary folder, runs every client, and writes the table of docs/apis.md.

Packages come from the registries that pip and npm are set to. Ends with 1 if a client failed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from .clients import BESIDE, CLIENTS, FOLDER, ROOT, PublicClient, audited

DOCUMENT = ROOT / "docs" / "apis.md"
BEGINS, ENDS = "<!-- the clients begin: `make clients` writes them -->\n", "<!-- the clients end -->\n"


def main() -> int:
    """Run it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = _python(folder)
        has_node = _node(folder)
        rows, failed = ["| API | client | version | date | does | result |", "|---|---|---|---|---|---|"], 0
        for client in CLIENTS:
            result = (
                "not tried: no Node" if client.registry == "npm" and not has_node else _tried(client, python, folder)
            )
            failed += result.startswith("failed")
            today = datetime.now(UTC).date()
            row = (client.api, f"`{client.package}` ({client.registry})", client.version, today, client.does, result)
            rows.append(f"| {' | '.join(map(str, row))} |")
            print(rows[-1], flush=True)
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGINS)
    after = rest.partition(ENDS)[2]
    DOCUMENT.write_text(f"{before}{BEGINS}\n{chr(10).join(rows)}\n\n{ENDS}{after}", encoding="utf-8")
    return 1 if failed else 0


def _tried(client: PublicClient, python: Path, folder: Path) -> str:
    # Node looks for packages beside the program.
    program = shutil.copy(FOLDER / client.program, folder)
    try:
        audited(client, ["node" if client.registry == "npm" else str(python), program], folder)
    except AssertionError as error:
        print(error, file=sys.stderr)
        return "failed"
    return "passed"


def _python(folder: Path) -> Path:
    """Returns the interpreter of a new environment that has the clients."""
    environment = folder / "python"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    named = {f"{client.package}=={client.version}" for client in CLIENTS if client.registry == "PyPI"}
    subprocess.run([*install, *BESIDE], check=True)
    subprocess.run([*install, "--no-deps", *sorted(named)], check=True)
    return python


def _node(folder: Path) -> bool:
    """Installs the clients of Node, without running their scripts; False where there is no Node."""
    npm = shutil.which("npm")
    if npm is None:
        return False
    (folder / "package.json").write_text("{}", encoding="utf-8")
    named = [f"{client.package}@{client.version}" for client in CLIENTS if client.registry == "npm"]
    subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", *named], cwd=folder, check=True
    )
    return True


if __name__ == "__main__":
    sys.exit(main())
