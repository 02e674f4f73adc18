"""Portfolios: list, one, import."""
