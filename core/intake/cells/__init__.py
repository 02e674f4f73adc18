"""What one cell says: numbers, dates, codes, names."""
