"""Audits a client: runs any program against a sandbox that records its calls, and offers the same as a pytest fixture.

Imports the sandbox, recording, child processes and the model, never the engine or Locust. Begin reading in `audit`.
"""
