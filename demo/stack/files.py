"""The two files that a user would write, written for the demo, and the build that is made of them.

The demo is a customer: it writes ``topology.yaml`` and ``shardwatch.yaml`` and calls the public
command; its servers run on what that wrote, and on nothing else.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import yaml

from demo.engine import EnginePlan
from demo.stack.layout import ROUTING_KEY, Layout
from exporters.config import PORTS
from exporters.problems import InputError, problem

SCRAPE_INTERVAL = "5s"
GROUP_WAIT = "5s"
GROUP_INTERVAL = "10s"
COMMAND = (sys.executable, "-m", "shardwatch")
"""The public command, run by the interpreter that runs the demo."""


def write_inputs(layout: Layout, plan: EnginePlan) -> None:
    """Write the topology, the configuration and the routing key into the demo's folder."""
    _write_yaml(layout.topology, plan.topology)
    layout.routing_key.write_text(ROUTING_KEY + "\n", encoding="utf-8")
    _write_yaml(layout.config, configuration(layout))


def configuration(layout: Layout) -> dict[str, Any]:
    """Return the content of the demo's ``shardwatch.yaml``."""
    pagerduty = layout.url("pagerduty")
    return {
        "topology": layout.topology.name,
        "prometheus": {"url": layout.url("prometheus"), "scrape_interval": SCRAPE_INTERVAL},
        "objectives": ["library:chat", "library:agents"],
        "alertmanager": {
            "addresses": [layout.address("alertmanager")],
            "group_wait": GROUP_WAIT,
            "group_interval": GROUP_INTERVAL,
        },
        "pagerduty": {
            "routing_key_file": layout.routing_key.name,
            "url": f"{pagerduty}/v2/enqueue",
        },
        "webhook": {"url": f"{pagerduty}/webhook"},
        "links": {"runbooks": f"{pagerduty}/runbooks"},
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
