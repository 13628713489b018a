"""Locustfiles of the tests: what `locust -f` loads."""
