"""Answers requests to an API's real address from the sandbox, for an audit of a program that has that address hard-coded.

An HTTP proxy on this machine, in a process of its own, with a certificate authority made for one audit. It passes requests to
the API's host on to the sandbox and refuses all other hosts unless they are allowed. May import `http`, `processes` and `model`.
Begin with `process` (what an audit uses), then `proxy`; `environment` has the variables by which programs find it.
"""
