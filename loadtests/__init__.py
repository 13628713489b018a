"""Makes load on a streaming-session API and writes the event log of each run.

Nothing here reads an event log: `reports` does, and knows of this package only its pure leaf, `loadtests.model`.
"""
