"""Pure arithmetic: arrays in, facts out."""
