"""A cluster with something of everything, for what is built for Kubernetes."""

from pathlib import Path
from typing import Any

import yaml

from tests.alerts.routing.configuring import OWNED

TOPOLOGY: dict[str, Any] = {
    "version": 1,
    "cluster": "prod",
    "groups": [
        {
            "name": f"eu-chat-{number}",
            "region": "eu",
            "model": "chat",
            "revision": "r1",
            "metrics": f"http://10.0.0.{number}:8000/metrics",
            "members": [
                {
                    "host": f"node-{number}",
                    "gpus": [f"GPU-{number}"],
                    "telemetry": f"http://node-{number}:9400/metrics",
                }
            ],
        }
        for number in range(2)
    ],
    "routers": [
        {"name": "eu", "region": "eu", "dialect": "demo", "metrics": "https://router/metrics",
         "requests": "http://router:8080/v1"}
    ],
    "tools": [{"name": "gateway", "region": "eu", "metrics": "http://gateway:9464/metrics"}],
}  # fmt: skip

PLAIN: dict[str, Any] = {
    "topology": "topology.yaml",
    "prometheus": {"url": "http://prometheus:9090"},
    "objectives": ["library:chat", "library:agents"],
}

FULL: dict[str, Any] = {
    **PLAIN,
    "alertmanager": OWNED,
    "webhook": {"url": "http://reviews/webhook"},
    "exporters": {
        "https": {"ca_file": "ca.pem", "server_name": "exporters"},
        "basic_auth": {"username": "prometheus", "password_file": "scrape.password"},
    },
    "http_client_config": {
        "engines": {"authorization": {"credentials_file": "keys/vllm.key"}},
        "hosts": {"basic_auth": {"username": "us", "password_file": "hosts/vllm.key"},
                  "tls_config": {"ca_file": "ca.pem"}},
    },
    "kubernetes": {
        "image": "registry.example.com/shardwatch:1",
        "exporters": ["gpu", "groups", "router", "tools", "probe"],
    },
}  # fmt: skip
"""Files of secrets are named, and nothing of them is ever read here."""


def write(folder: Path, content: dict[str, Any], topology: dict[str, Any] | None = None) -> Path:
    """Write a configuration and its topology; return where it is."""
    (folder / "topology.yaml").write_text(yaml.safe_dump(topology or TOPOLOGY))
    file = folder / "shardwatch.yaml"
    file.write_text(yaml.safe_dump(content))
    return file
