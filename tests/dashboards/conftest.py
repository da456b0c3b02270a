"""The boards as Grafana is given them, and a configuration to build them from."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.build import build_boards
from exporters.config import Config, read_config

Json = dict[str, Any]


@pytest.fixture(scope="session")
def boards() -> list[Json]:
    """Every board, as parsed JSON."""
    return [json.loads(text) for text in build_boards().values()]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A small user's configuration, scraped every 5 s."""
    topology = {
        "version": 1,
        "cluster": "demo",
        "groups": [
            {
                "name": "eu-chat-0",
                "region": "eu",
                "model": "chat",
                "revision": "r1",
                "metrics": "http://127.0.0.1:1/metrics",
                "members": [{"host": "h0"}],
            }
        ],
    }
    content = {
        "topology": "topology.yaml",
        "prometheus": {"url": "http://127.0.0.1:9090", "scrape_interval": "5s"},
        "objectives": ["library:chat"],
    }
    (tmp_path / "topology.yaml").write_text(yaml.safe_dump(topology))
    path = tmp_path / "shardwatch.yaml"
    path.write_text(yaml.safe_dump(content))
    return read_config(path)
