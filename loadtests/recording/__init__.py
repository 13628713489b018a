"""What a run writes while it goes on: its directory, the manifest, the event log and the ledger.

May import `model`; has no event loop and makes no requests. Begin with `recorder.py` (the event log, for reports) and `ledger.py`
(which sessions were opened and closed, for `streamsoak sweep`).
"""
