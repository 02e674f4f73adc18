"""Results of a run as pictures."""
