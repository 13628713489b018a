"""How many columns a chart over time has: what a screen shows, however long the run is."""

COLUMNS_ON_SCREEN = 400


def column_seconds(log_end: float) -> float:
    """The width of one column of a run of `log_end` seconds."""
    return max(log_end, 1.0) / COLUMNS_ON_SCREEN
