"""Closes the sessions that a run left open: `streamsoak sweep`.

May import `recording`, `observing`, `http` and `model`; starts no greenlets and does not use Locust. Begin with `sweep`.
"""
