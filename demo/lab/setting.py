"""What a play runs on: a cluster's topology, its configuration, and what ``build`` makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from alerts.build import ALERTMANAGER_PATH
from alerts.build import build as build_alerts
from alerts.prometheus_file import external_labels
from dashboards.build import BOARDS_FOLDER
from dashboards.build import build as build_dashboards
from demo.sim.plan import DEFAULT_GROUPS, cluster_topology
from demo.stack.files import Timing, write_inputs
from demo.stack.layout import DEFAULT_PORTS, Layout
from exporters.config import Config, read_config
from slo.objective import Objective
from slo.objectives import read_objectives
from slo.promql import selectors

USUAL = Timing(scrape_interval="15s", group_wait="30s", group_interval="1m")
"""What a configuration has that says nothing of it, and Alertmanager."""
OBJECTIVES = tuple(
    f"library:{name}"
    for name in (
        "agents", "chat", "fleet", "governance", "pace", "probes", "rollout", "tenancy", "tools"
    )
)  # fmt: skip
"""All of the library."""


@dataclass(frozen=True)
class Setting:
    """What a play runs on."""

    config: Config
    objectives: Sequence[Objective]
    rule_files: Sequence[Path]
    """As they were built."""
    alertmanager: Mapping[str, Any]
    """The built configuration of Alertmanager."""
    external_labels: Mapping[str, str]
    """What Prometheus sends alerts with, beside their own."""
    boards: Mapping[str, Mapping[str, Any]]
    """As they were built, parsed, by file name without ending."""


def make_setting(
    folder: Path,
    timing: Timing = USUAL,
    *,
    groups: int = DEFAULT_GROUPS,
    objectives: Sequence[str] = OBJECTIVES,
) -> Setting:
    """Write the inputs of a cluster like the demo's into a folder, and build from them.

    Args:
        folder: empty.
        timing: how often is looked, and how soon told.
        groups: of the cluster.
        objectives: as a configuration names them.
    """
    layout = Layout(folder, DEFAULT_PORTS)
    write_inputs(layout, cluster_topology(layout.url("engine"), groups), timing, objectives)
    config = read_config(layout.config)
    files = {**build_alerts(config), **build_dashboards(config)}  # all that has rules
    for path, text in files.items():
        target = layout.build / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return Setting(
        config=config,
        objectives=read_objectives(config),
        rule_files=sorted(layout.build / path for path in files if path.startswith("rules/")),
        alertmanager=yaml.safe_load(files[ALERTMANAGER_PATH]),
        external_labels=external_labels(config),
        boards={
            Path(path).stem: json.loads(text)
            for path, text in files.items()
            if path.startswith(f"{BOARDS_FOLDER}/")
        },
    )


def names_read(expressions: Iterable[str]) -> frozenset[str] | None:
    """Return the names of the series that expressions read; None if one reads any name."""
    names: set[str] = set()
    for each in dict.fromkeys(expressions):
        for selector in selectors(each):
            if not selector.name:
                return None
            names.add(selector.name)
    return frozenset(names)
