"""From a wish to a submitted run."""
