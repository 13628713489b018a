"""The API as a local server, for tests, demos and audits: serves the rules of `model.api` in a separate process.

May import `model`, `defects`, `recording`, `processes` and only `engine.garbage` from the engine. Begin with `app` (`App`).
"""
