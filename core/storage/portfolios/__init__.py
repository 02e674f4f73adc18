"""Portfolios, their edits, labels, policies and instruments."""
