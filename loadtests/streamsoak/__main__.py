"""The entry point of `streamsoak` and `python -m streamsoak`."""

import sys

from loadtests.cli.__main__ import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
