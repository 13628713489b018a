"""Finds the profiles and scenarios that a name stands for. May import `model`. Begin with `catalogue`."""
