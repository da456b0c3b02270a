"""Fixtures of the exporters' tests."""

import pytest

from demo.setup import programs
from exporters.testing import PageServer


@pytest.fixture
def pages():
    """A server of pages on loopback."""
    with PageServer() as server:
        yield server


@pytest.fixture
def find_program():
    """Finds promtool and its like."""
    return lambda name: str(programs.find_program(name))
