"""What the tests of alerts share: the files that are built, and the real programs."""

import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.build import build
from exporters.config import read_config
from exporters.generated import write_generated

PROMTOOL_TESTS = Path(__file__).parents[1] / "promtool"


@pytest.fixture(scope="session")
def built() -> dict[str, str]:
    """The files of the configuration that promtool's tests are about: text by path."""
    return build(read_config(PROMTOOL_TESTS / "config" / "shardwatch.yaml"))


@pytest.fixture(scope="session")
def built_folder(built: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with these files."""
    folder = tmp_path_factory.mktemp("built")
    write_generated(folder, built)
    return folder


@pytest.fixture(scope="session")
def groups(built: dict[str, str]) -> list[dict[str, Any]]:
    """Every rule group that is built."""
    return [
        group
        for path, text in built.items()
        if path.startswith("rules/")
        for group in yaml.safe_load(text)["groups"]
    ]


@pytest.fixture(scope="session")
def alerts(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every alerting rule that is built."""
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """Two ports of loopback that nobody listened on a moment ago."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
