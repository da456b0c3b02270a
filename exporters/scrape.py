"""How Prometheus reads the exporters: scrape configurations, as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exporters.config import PORTS, Config
from exporters.durations import format_duration

JOBS = {name: f"shardwatch-{name}" for name in PORTS}
"""The label ``job`` of each exporter."""
PROBE_JOB = JOBS["probe"]
"""That of the probes, which not every cluster has."""
LONGEST_TIMEOUT_SECONDS = 10.0
"""Prometheus's own default."""
TIMEOUT_SHARE = 0.8
"""Of the interval: a scrape that takes longer would run into the next one."""


def scrape_timeout_seconds(scrape_interval_seconds: float) -> float:
    """Return how long a scrape of an exporter may take, at an interval."""
    return min(scrape_interval_seconds * TIMEOUT_SHARE, LONGEST_TIMEOUT_SECONDS)


def scrape_configs(config: Config) -> list[dict[str, Any]]:
    """Return one ``scrape_config`` of Prometheus for each exporter, as its YAML has it.

    ``honor_labels`` keeps our labels (``cluster``, ``region``, ...) where a server adds its own of
    the same name. An exporter answers within 3 s whatever its sources do
    (``fetching.LONGEST_ANSWER_SECONDS``), and half a second later where a page is so large that it
    takes time to read (``sources.READING_SECONDS``). The time-out has to be above that, which the
    shortest interval of a configuration sees to, and below the interval.
    """
    interval = config.file.prometheus.scrape_interval
    timeout = scrape_timeout_seconds(interval)
    exporters = config.file.exporters
    return [
        {
            "job_name": job,
            "honor_labels": True,
            "scrape_interval": format_duration(interval),
            "scrape_timeout": format_duration(timeout),
            "metrics_path": "/metrics",
            "static_configs": [{"targets": sorted(addresses)}],
            **_access(config),
        }
        for job, addresses in (
            (JOBS["gpu"], exporters.gpu),
            (JOBS["groups"], exporters.groups),
            (JOBS["router"], exporters.router),
            (JOBS["tools"], exporters.tools),
            *(((PROBE_JOB, exporters.probe),) if exporters.probe else ()),
        )
    ]


def configs_with_targets(config: Config) -> list[dict[str, Any]]:
    """Return those of :func:`scrape_configs` that name where an exporter is."""
    return [each for each in scrape_configs(config) if each["static_configs"][0]["targets"]]


def _access(config: Config) -> dict[str, Any]:
    """Return how Prometheus gets in. Paths are absolute: what is built may be run from anywhere."""
    https, user = config.file.exporters.https, config.file.exporters.basic_auth
    access: dict[str, Any] = {}
    if https:
        tls = {
            name: str(config.resolve(value).absolute()) if isinstance(value, Path) else value
            for name, value in https
            if value is not None
        }
        access = {"scheme": "https", "tls_config": tls}
    if user:
        password_file = str(config.resolve(user.password_file).absolute())
        access["basic_auth"] = {"username": user.username, "password_file": password_file}
    return access
