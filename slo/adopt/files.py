"""The texts of ``topology.yaml`` and ``shardwatch.yaml``, with what was guessed as comments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from exporters.durations import format_duration
from exporters.topology import Topology
from exporters.version import VERSION
from slo.adopt.objective_file import PATH as OBJECTIVES_PATH
from slo.adopt.saying import Guess

CONFIG_PATH = "shardwatch.yaml"
REPORT_PATH = "ADOPTION.md"
GROUPS_AS_JSON = 1000
"""From so many on: YAML takes minutes to read then."""


@dataclass(frozen=True)
class Server:
    """What ``shardwatch.yaml`` says of the server."""

    url: str
    http_client_config: Mapping[str, Any]
    scrape_interval_seconds: float
    alertmanagers: Sequence[str]
    pagerduty_key: Path | None = None
    """Of whom pages wake."""


def topology_path(topology: Topology) -> str:
    """Return the name of the topology's file."""
    suffix = "json" if len(topology.groups) >= GROUPS_AS_JSON else "yaml"
    return f"topology.{suffix}"


def write_topology(topology: Topology, guesses: Iterable[Guess], url: str, now: float) -> str:
    """Return the text of the topology: YAML with comments, or JSON of many groups, a line each.

    Args:
        topology: to write.
        guesses: how it was worked out.
        url: of the server that it was found in.
        now: UNIX seconds.
    """
    content = topology.model_dump(mode="json", exclude_defaults=True)
    content = {"version": topology.version, **content}
    if len(topology.groups) >= GROUPS_AS_JSON:
        return _json(content)
    comments = [_head(url, now)]
    comments += [
        f"# {each.what}: by {each.by} ({each.sureness}; {each.count:,})" for each in guesses
    ]
    return "\n".join(comments) + "\n" + _yaml(content)


def write_config(topology: Topology, server: Server, now: float) -> str:
    """Return the text of the configuration.

    Args:
        topology: that it names.
        server: that it names.
        now: UNIX seconds.
    """
    prometheus: dict[str, Any] = {
        "url": server.url,
        "scrape_interval": format_duration(server.scrape_interval_seconds),
    }
    if server.http_client_config:
        prometheus["http_client_config"] = dict(server.http_client_config)
    if server.alertmanagers:
        told = _yaml({"alertmanager": {"addresses": list(server.alertmanagers)}})
    else:
        told = (
            "# The server tells no Alertmanager: say where it is, or all that is built and asked\n"
            "# goes to 127.0.0.1:9093. Behind TLS or a path by a URL: https://HOST:PORT/PATH.\n"
            '# alertmanager: {addresses: ["HOST:9093"]}\n'
        )
    pager = (
        _yaml({"pagerduty": {"routing_key_file": str(server.pagerduty_key)}})
        if server.pagerduty_key
        else "# pagerduty: {routing_key_file: pagerduty.key}\n"
    )
    return (
        f"{_head(server.url, now)}\n"
        + _yaml({"topology": topology_path(topology), "prometheus": prometheus})
        + "\n# On series as they are scraped: nothing of ours has to run for them.\n"
        + f"objectives: [./{OBJECTIVES_PATH}]\n"
        + "# Once the exporters run, these see more (what, ADOPTION.md tells); take the first line "
        "out then:\n"
        + "# objectives: [library:chat, library:fleet]\n\n"
        + told
        + "# Who is paged (alerts/routing/README.md; a receiver of Alertmanager's own may do it):\n"
        + pager
        + '# links: {grafana: "http://grafana:3000", runbooks: "http://wiki/runbooks"}\n\n'
        + "# Addresses of the exporters, as Prometheus reaches them, once they run:\n"
        + '# {gpu: ["obs1:19801"], groups: ["obs1:19802"], router: ["obs1:19803"], '
        'tools: ["obs1:19804"]}\n' + "exporters: {gpu: [], groups: [], router: [], tools: []}\n"
    )


def _head(url: str, now: float) -> str:
    day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    return f"# Worked out by shardwatch {VERSION} (init) on {day} from {url}; yours to correct."


def _json(content: Mapping[str, Any]) -> str:
    """Return a topology as JSON, a line for each group."""
    parts = []
    for key, value in content.items():
        if isinstance(value, list):
            lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in value)
            parts.append(f"{json.dumps(key)}: [\n{lines}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.dump(dict(content), Dumper=_DUMPER, sort_keys=False, width=100,
                     default_flow_style=None, allow_unicode=True)  # fmt: skip


_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
