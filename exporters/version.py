"""The version of this distribution, as exporters and generated files state it."""

VERSION = "0.1.0"
"""The same as in pyproject.toml; a test holds the two together."""
