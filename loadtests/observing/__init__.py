"""Polls the API's list and compares it with the sessions that the run knows.

May import `model`, `http` and `recording`, not `engine`: the simulator uses it too. Begin with `list_observer.py` (a
process of its own polls the list), then `session_tracker.py` (the run's own sessions) and `foreign_sessions.py` (all others).
"""
