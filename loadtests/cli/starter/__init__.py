"""The files that `streamsoak init` writes."""
