"""Runs user behaviours on schedule: one timer queue and one connection pool for each process, all on gevent's event loop.

May import `model`, `http` and `recording`; does not depend on Locust or on other processes. Begin with `engine`.

One request goes through four forms, each with its own name here and in the packages around it:

- `Call` (model/session/steps.py): what a behaviour wants to send, and when it is due.
- `Exchange` (http/exchange.py): what went over HTTP, with its times. `http.codec` encodes a Call and decodes an Exchange.
- `Answer` (model/api/answer.py): what the exchange meant: ok, fail, unknown or withheld, and why.
- `Row` (model/log/record.py): what the event log stores of it.

The engine updates the session and the ledger, appends the row, then notifies each `EngineListener`
(model/session/listener.py) directly.

Enum members used on hot paths are bound to module names, because attribute access on an enum class is slow in Python 3.11.
"""
