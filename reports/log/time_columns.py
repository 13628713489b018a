"""The number of columns of a chart over time: as many as a screen shows, however long the run is."""

COLUMNS_ON_SCREEN = 400


def column_seconds(log_end: float) -> float:
    """Returns the width of one column in seconds, for a run of `log_end` seconds."""
    return max(log_end, 1.0) / COLUMNS_ON_SCREEN
