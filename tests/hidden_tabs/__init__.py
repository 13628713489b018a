"""Which settings survive a hidden tab: `make hidden-tabs`."""
