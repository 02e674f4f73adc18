"""Formats that a description will do for: one small TOML file each, read by what all of them share."""
