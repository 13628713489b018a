"""A run of several processes: the master's view of its workers, how their files reach it, and how their clocks are aligned.

May import `run`, `observing`, `recording`, `http` and `model`, not `plugin`: how messages travel (over Locust's connection) is
not known here. Begin with `workers.py`.
"""
