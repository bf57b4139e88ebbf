"""Measurements: each prints a ratio against a named alternative, or seconds per minute of episode, in one run."""
