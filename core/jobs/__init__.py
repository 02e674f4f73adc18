"""A job from draft to settled."""
