"""What a typed sentence says besides digits, and whether the facts bear it out."""
