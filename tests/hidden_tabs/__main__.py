"""`make hidden-tabs`: which idle timeouts and intervals of keep-alives survive a hidden tab, in virtual time.

Prints the table and writes it into docs/profiles.md.
"""

from __future__ import annotations

from .table import rows, write


def main() -> None:
    """Run it."""
    table = rows()
    print("\n".join(table))
    write(table)


if __name__ == "__main__":
    main()
