"""Closes the sessions that a run left open: `streamsoak sweep`.

May import `recording`, `observing`, `http` and `model`; uses plain `requests`, without gevent or Locust. Begin with `sweep`.
"""
