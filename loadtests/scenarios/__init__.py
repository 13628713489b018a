"""Finds the profiles and scenarios that a name stands for. Imports the model only. Begin reading in `catalogue`."""
