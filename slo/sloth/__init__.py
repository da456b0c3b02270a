"""Sloth's specs, read as they are, and turned into OpenSLO."""
