"""Readers of files that list what is held."""
