"""Bytes to portfolios: one reader a format, every problem named."""
