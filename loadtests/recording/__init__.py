"""What is written during the run: its directory, the manifest, the event log and the ledger.

May import `model`; has no event loop and makes no requests. Begin with `recorder` (the event log, for reports) and `ledger`
(which sessions were opened and closed, for `streamsoak sweep`).
"""
