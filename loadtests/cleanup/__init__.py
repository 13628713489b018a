"""Closes sessions: those that a run left open (`streamsoak sweep`), or those that a user chooses (`streamsoak sessions close`).

May import `recording`, `observing`, `http` and `model`; starts no greenlets and does not use Locust. Begin with `sweep` and
`closing`.
"""
