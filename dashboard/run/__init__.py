"""Runs: list, one, its results."""
