"""The two files that a user would write, written for the demo, and the build that is made of them.

The demo is a customer: it writes ``topology.yaml`` and ``shardwatch.yaml`` and calls the public
command; its servers run on what that wrote, and on nothing else.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from demo.stack.layout import ROUTING_KEY, WEBHOOK_SECRET, Layout
from exporters.config import PORTS
from exporters.problems import InputError, problem


@dataclass(frozen=True)
class Timing:
    """How often the stack looks, and how soon it tells, as ``shardwatch.yaml`` has it."""

    scrape_interval: str
    group_wait: str
    group_interval: str


LIVE = Timing(scrape_interval="5s", group_wait="5s", group_interval="10s")
"""Of a demo, for which somebody waits."""
OBJECTIVES = ("library:chat", "library:agents")
COMMAND = (sys.executable, "-m", "shardwatch")
"""The public command, run by the interpreter that runs the demo."""


def write_inputs(
    layout: Layout,
    topology: Mapping[str, Any],
    timing: Timing = LIVE,
    objectives: Sequence[str] = OBJECTIVES,
) -> None:
    """Write the topology, the configuration and PagerDuty's keys into the layout's folder."""
    _write_yaml(layout.topology, dict(topology))
    layout.routing_key.write_text(ROUTING_KEY + "\n", encoding="utf-8")
    layout.webhook_secret.write_text(WEBHOOK_SECRET + "\n", encoding="utf-8")
    _write_yaml(layout.config, configuration(layout, timing, objectives))


def configuration(
    layout: Layout, timing: Timing = LIVE, objectives: Sequence[str] = OBJECTIVES
) -> dict[str, Any]:
    """Return the content of a ``shardwatch.yaml`` for the demo's cluster."""
    pagerduty = layout.url("pagerduty")
    return {
        "topology": layout.topology.name,
        "prometheus": {"url": layout.url("prometheus"), "scrape_interval": timing.scrape_interval},
        "objectives": list(objectives),
        "alertmanager": {
            "addresses": [layout.address("alertmanager")],
            "group_wait": timing.group_wait,
            "group_interval": timing.group_interval,
        },
        "pagerduty": {
            "routing_key_file": layout.routing_key.name,
            "url": f"{pagerduty}/v2/enqueue",
        },
        "webhook": {"url": f"{layout.url('reviews')}/webhook"},
        "links": {
            "grafana": layout.url("preview"),
            "runbooks": f"{pagerduty}/runbooks",
            "reviews": layout.url("reviews"),
        },
        "exporters": {name: [layout.address(f"exporter-{name}")] for name in PORTS},
    }


def run_build(layout: Layout) -> None:
    """Run ``shardwatch build`` on the demo's configuration.

    Raises:
        InputError: if it fails; with what it printed.
    """
    command = [*COMMAND, "build", "--config", str(layout.config), "-o", str(layout.build)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise InputError([problem(layout.config, f"shardwatch build failed: {said}")])


def _write_yaml(path: Any, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False, width=120), encoding="utf-8")
