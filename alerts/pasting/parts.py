"""What belongs into a Prometheus's and an Alertmanager's file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alerts.build import alert_names, fragment_of, rule_sets
from alerts.pasting.texts import Keys
from alerts.prometheus_file import RULE_FILES
from exporters.config import Config
from exporters.scrape import scrape_configs
from slo.objectives import read_objectives

_OF_PROMETHEUS = {"global", "rule_files", "scrape_configs", "alerting", "remote_write"}


def is_prometheus(data: Mapping[str, Any]) -> bool:
    """Tell whether a file is a Prometheus's configuration."""
    return not is_alertmanager(data) and bool(_OF_PROMETHEUS & data.keys())


def is_alertmanager(data: Mapping[str, Any]) -> bool:
    """Tell whether a file is an Alertmanager's configuration."""
    return "route" in data and "receivers" in data


def prometheus_parts(config: Config, out: Path, data: Mapping[str, Any]) -> dict[Keys, Any]:
    """Return what to paste into a Prometheus's configuration.

    Args:
        config: the user's.
        out: the folder of what was built.
        data: what the file says: where it sends alerts already, nothing is added.
    """
    scrapes = [each for each in scrape_configs(config) if each["static_configs"][0]["targets"]]
    targets = sorted(config.file.alertmanager.addresses)
    return {
        ("rule_files",): [str(out.absolute() / RULE_FILES)],
        **({("scrape_configs",): scrapes} if scrapes else {}),
        **({} if data.get("alerting") else {
            ("alerting",): {"alertmanagers": [{"static_configs": [{"targets": targets}]}]}}),
    }  # fmt: skip


def alertmanager_parts(config: Config) -> dict[Keys, Any]:
    """Return what to paste into an Alertmanager's configuration: the fragment, part by part."""
    objectives = read_objectives(config)
    fragment = fragment_of(config, objectives, alert_names(rule_sets(config, objectives)))
    route = fragment.pop("route")
    return {
        ("route", "routes"): route["routes"],
        **{(name,): content for name, content in fragment.items() if content},
    }
