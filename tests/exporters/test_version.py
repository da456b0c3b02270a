"""The version."""

import tomllib
from pathlib import Path

from exporters.version import VERSION


def test_the_version_is_that_of_the_distribution():
    """It stands in two places; a checkout has no metadata to ask."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
