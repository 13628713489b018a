"""Damaged input of every kind: a clear message and a documented exit code, never a traceback, never a hang."""
