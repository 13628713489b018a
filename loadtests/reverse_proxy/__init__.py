"""`streamsoak record`: a reverse proxy before an API that passes requests through and records their calls as an event log.

May import `http` (addresses and certificates only), `recording` and `model`; runs on uvloop and httptools. Begin with `serve`.
`client` and `upstream` pass the bytes; `writer` and `calls` make rows of what has passed, in a thread of their own.
"""
