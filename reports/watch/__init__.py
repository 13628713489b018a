"""Evaluates a watch: an account seen by its list alone. Begin with `account`; `verdict` judges it.

May import `log`, `verdict`, and `loadtests.model`. A watch opens no session, so the analyses and findings of a load do not apply.
"""
