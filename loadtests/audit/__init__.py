"""Audits a client: runs any program against a sandbox that records its calls, and offers the same as a pytest fixture.

May import `sandbox`, `processes`, `defects`, `recording` and `model`; must not import `engine` or Locust. Begin with `audit`.
"""
