"""An answer, drawn."""
