"""The real sandbox, the real Locust, a real browser."""
