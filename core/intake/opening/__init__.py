"""Bytes opened far enough for a reader: what needs a library of its own is opened in a sandbox."""
