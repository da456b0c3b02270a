"""Reads what a server tells of itself: targets, Alertmanagers, external labels.

Another server may stand there, or another release: what has not the shape of Prometheus's is left
out, and never an error.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from exporters.alertmanagers import read_place
from exporters.documents import SAFE_LOADER
from exporters.durations import parse_duration
from slo.adopt.found import ScrapedTarget


def read_targets(told: Any) -> list[ScrapedTarget]:
    """Return the active targets in an answer of ``/api/v1/targets``."""
    active = told.get("activeTargets") if isinstance(told, Mapping) else None
    found = []
    for each in active if isinstance(active, list) else ():
        if not isinstance(each, Mapping):
            continue
        url = each.get("scrapeUrl")
        if isinstance(url, str) and urlsplit(url).scheme in ("http", "https"):
            labels, discovered = _texts(each.get("labels")), _texts(each.get("discoveredLabels"))
            error, health = str(each.get("lastError") or ""), each.get("health", "up")
            found.append(
                ScrapedTarget(labels, discovered, url, _seconds(each), health == "up", error)
            )
    return found


def read_alertmanagers(told: Any) -> tuple[str, ...]:
    """Return the addresses in an answer of ``/api/v1/alertmanagers``, sorted.

    ``HOST:PORT``, or the URL of one behind TLS or a path, as ``shardwatch.yaml`` has them.
    """
    active = told.get("activeAlertmanagers") if isinstance(told, Mapping) else None
    found = set()
    for each in active if isinstance(active, list) else ():
        url = urlsplit(str(each.get("url", ""))) if isinstance(each, Mapping) else urlsplit("")
        before, is_one, _ = url.geturl().partition("/api/v2/alerts")
        with contextlib.suppress(ValueError):
            if is_one:
                found.add(read_place(before).written)
    return tuple(sorted(found))


def says_victoria_metrics(told: Any) -> bool:
    """Tell whether an answer of ``/api/v1/status/buildinfo`` is VictoriaMetrics's.

    It says nothing (seen of 1.79) or a version alone; Prometheus has its revision beside it.
    """
    return isinstance(told, Mapping) and {*told} <= {"version"}


def read_external_labels(told: Mapping[str, Any]) -> dict[str, str]:
    """Return ``external_labels`` of the configuration in an answer of ``/api/v1/status/config``."""
    try:
        config = yaml.load(_global(str(told.get("yaml", ""))), Loader=SAFE_LOADER)  # noqa: S506 - a safe one
    except (yaml.YAMLError, RecursionError):
        return {}
    globally = config.get("global") if isinstance(config, Mapping) else None
    return _texts(globally.get("external_labels")) if isinstance(globally, Mapping) else {}


def _global(text: str) -> str:
    """Return the part ``global`` of a configuration, which is short; all, if it is not there.

    A server writes it in blocks, and thousands of targets after it.
    """
    found = re.search(r"^global:\n(?:[ #].*\n|\n)*", text, re.MULTILINE)
    return found[0] if found else text


def _texts(labels: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in labels.items()} if isinstance(labels, Mapping) else {}


def _seconds(target: Mapping[str, Any]) -> float | None:
    try:
        return parse_duration(str(target.get("scrapeInterval", "")))
    except ValueError:
        return None
