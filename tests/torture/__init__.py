"""kill -9 at random moments, against real processes: `make torture`."""
