"""Tests: unit, property, golden, integration, bench."""
