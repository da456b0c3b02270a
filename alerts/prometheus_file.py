"""Prometheus's configuration: what it scrapes, which rules it evaluates, whom it alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from alerts.watch.notifications import ALERTMANAGER_JOB
from exporters import catalog
from exporters.addresses import DEFAULT_PORTS
from exporters.alertmanagers import alerting_entries, scrape_targets
from exporters.config import Config
from exporters.durations import format_duration
from exporters.scrape import scrape_configs

REPLICA = "replica"
"""What tells apart the series of servers that watch the same, where both go to one store."""
RULE_FILES = "rules/*.yaml"
"""Relative to the configuration's own folder."""


def prometheus_config(config: Config) -> dict[str, Any]:
    """Return Prometheus's configuration as its YAML has it.

    How long it keeps what it stores is said by flags, not here: the period of an objective needs
    more than the 15 days that are its default.
    """
    interval = format_duration(config.file.prometheus.scrape_interval)
    replica = config.file.prometheus.replica
    # Else Alertmanager would take the alerts of two servers for two.
    relabeling = (
        {"alert_relabel_configs": [{"action": "labeldrop", "regex": REPLICA}]} if replica else {}
    )
    return {
        "global": {
            "scrape_interval": interval,
            "evaluation_interval": interval,
            "external_labels": external_labels(config),
        },
        "alerting": {
            **relabeling,
            "alertmanagers": alerting_entries(config.file.alertmanager.addresses),
        },
        "rule_files": [RULE_FILES],
        "scrape_configs": [*scrape_configs(config), *server_scrape_configs(config)],
    }


def external_labels(config: Config) -> dict[str, str]:
    """Return what alerts and remote writes get that have no such label.

    Objectives are mostly of a region and a model: without the cluster, what pages in one of two
    that share an Alertmanager would be taken for the other's.
    """
    replica = config.file.prometheus.replica
    return {
        catalog.CLUSTER: config.topology.cluster,
        **({REPLICA: replica} if replica else {}),
    }


def server_scrape_configs(config: Config) -> list[dict[str, Any]]:
    """Return the scrapes of the servers themselves: of Prometheus, and of the Alertmanagers."""
    return [_itself(config), _alertmanagers(config.file.alertmanager.addresses)]


def _itself(config: Config) -> dict[str, Any]:
    url = urlsplit(config.file.prometheus.url)
    host = f"[{url.hostname}]" if url.hostname and ":" in url.hostname else url.hostname
    return {
        "job_name": "prometheus",
        "scheme": url.scheme,
        "metrics_path": f"{url.path.rstrip('/')}/metrics",
        "static_configs": [{"targets": [f"{host}:{url.port or DEFAULT_PORTS[url.scheme]}"]}],
    }


def _alertmanagers(addresses: Sequence[str]) -> dict[str, Any]:
    """Return the scrapes of the Alertmanagers, which tell whether receivers hear of alerts."""
    return {"job_name": ALERTMANAGER_JOB, "static_configs": scrape_targets(addresses)}
