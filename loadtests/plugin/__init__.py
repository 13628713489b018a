"""Everything that knows Locust: options, users, shape, and when a run begins and ends."""
