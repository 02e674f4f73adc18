"""The product without a screen: portfolios in, checked analyses out. Floors are drawn in pyproject.toml."""
