"""Prices, economic series and documents from files."""
