"""Runs and portfolios side by side."""
