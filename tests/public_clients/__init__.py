"""`make clients`: clients that others wrote, unmodified and out of their packages, against the sandbox of their API.

Each is a short program that imports the package and does what its users do: open, keep alive, list, close. `streamsoak audit`
runs it and judges. What is small enough is a development dependency, and its program is part of `make test`.
"""
