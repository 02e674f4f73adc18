"""Prices, economic series and documents."""
