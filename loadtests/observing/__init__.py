"""Polls the API's list and compares it with the sessions that the run knows.

May import `processes`, `http`, `recording` and `model`, not `engine`: the simulator uses it too. Begin with `list_observer` (a
separate process polls the list), then `session_tracker` (the run's own sessions) and `foreign_sessions` (all others).
"""
