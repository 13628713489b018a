"""Capacity: how large the limit must be, which idle timeout to choose, what each leak costs. One small file a question."""
