"""From bytes to text, rows, trees: archives, sheets, encodings, limits."""
