"""Which column is which in a table nobody described."""
