"""Reads a run's event log: merges its streams, opens it for SQL, and computes facts of each session in one pass.

May import `loadtests.model`. Begin with `log`, then `attempts` (the views that define attempts and hits) and `build_facts`.
"""
