"""The API as a local server, for tests, demos and audits: serves the rules of `model.api` in a separate process.

Imports the model, `defects`, `recording` and the engine's garbage collection. Begin with `app.App`.
"""
