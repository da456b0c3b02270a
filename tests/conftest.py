"""Fixtures that tests of several packages share."""

import os
import socket

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("shardwatch", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shardwatch")

os.environ.setdefault("GOGC", "400")
"""promtool and the servers make much garbage of little memory: this saves a quarter of the time."""


@pytest.fixture
def free_port() -> int:
    """A port of loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
