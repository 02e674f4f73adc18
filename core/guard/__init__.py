"""What may be done, by whom, for how much."""
