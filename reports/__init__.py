"""Reads a run's event log and judges it. Needs the run's directory alone: at any time, on any machine."""
