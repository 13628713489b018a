"""A run of several processes: the master's view of its workers, how their files reach it, and how their clocks are aligned.

May import `run`, `observing`, `recording`, `http` and `model`, not `plugin`: this package does not depend on how messages are
sent (over Locust's connection). Begin with `workers`.
"""
