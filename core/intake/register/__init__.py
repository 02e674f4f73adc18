"""The register of instruments, and what it knows of a line."""
