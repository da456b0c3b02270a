"""What belongs into a Prometheus's and an Alertmanager's file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alerts.build import alert_names, fragment_of, rule_sets
from alerts.pasting.texts import Keys
from alerts.prometheus_file import RULE_FILES
from alerts.watchdog import WATCHDOG
from exporters.alertmanagers import alerting_entries
from exporters.config import Config
from exporters.problems import InputError, problem
from exporters.scrape import configs_with_targets
from slo.objectives import read_objectives

_OF_PROMETHEUS = {"global", "rule_files", "scrape_configs", "alerting", "remote_write"}


def is_prometheus(data: Any) -> bool:
    """Tell whether a file is a Prometheus's configuration."""
    return isinstance(data, dict) and not is_alertmanager(data) and bool(_OF_PROMETHEUS & {*data})


def is_alertmanager(data: Any) -> bool:
    """Tell whether a file is an Alertmanager's configuration."""
    return isinstance(data, dict) and "route" in data and "receivers" in data


def built_rules(out: Path) -> list[Path]:
    """Return the files of rules that were built.

    Raises:
        InputError: if there are none: Prometheus takes an entry of ``rule_files`` that finds
            nothing, and says nothing.
    """
    found = sorted(out.absolute().glob(RULE_FILES))
    if not found:
        message = f"found no {RULE_FILES} in it, expected the rules of a build"
        raise InputError([problem(out, message, fix=f"run `shardwatch build -o {out}` first")])
    return found


def prometheus_parts(config: Config, out: Path, data: Mapping[str, Any]) -> dict[Keys, Any]:
    """Return what to paste into a Prometheus's configuration.

    Args:
        config: the user's.
        out: the folder of what was built.
        data: what the file says: where it sends alerts already, nothing is added.
    """
    scrapes = configs_with_targets(config)
    return {
        ("rule_files",): [str(out.absolute() / RULE_FILES)],
        **({("scrape_configs",): scrapes} if scrapes else {}),
        **({} if _is_told(data) else {
            ("alerting", "alertmanagers"): alerting_entries(config.file.alertmanager.addresses)}),
    }  # fmt: skip


def _is_told(data: Mapping[str, Any]) -> bool:
    """Tell whether alerts are sent anywhere: the file that Prometheus comes with names nobody."""
    alerting = data.get("alerting")
    named = alerting.get("alertmanagers") if isinstance(alerting, dict) else None
    return isinstance(named, list) and any(map(_is_addressed, named))


def _is_addressed(alertmanager: Any) -> bool:
    """Tell whether an entry says where an Alertmanager is, or how it is found."""
    if not isinstance(alertmanager, dict):
        return False
    static = alertmanager.get("static_configs")
    return any(
        isinstance(each, dict) and each.get("targets")
        for each in (static if isinstance(static, list) else ())
    ) or any(str(key).endswith("_sd_configs") and found for key, found in alertmanager.items())


def clusterless(config: Config, data: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what a Prometheus's configuration says in place of its cluster, and what to write.

    Pages of a region inhibit those of objectives by it, and lines of a second cluster lead by it;
    ``external_labels`` are of all that the Prometheus sends, so that nobody but its owner adds one.
    None if it is there.
    """
    said, expected = _cluster_of(data), config.topology.cluster
    if said == expected:
        return None
    found = f"cluster: {said}" if said is not None else "no cluster"
    return (
        f"found {found} in its external_labels",
        f"write `external_labels: {{cluster: {expected}}}` under global:",
    )


def is_expanded(data: Mapping[str, Any]) -> bool:
    """Tell whether its cluster is a variable of its environment, which nobody here knows."""
    return "$" in str(_cluster_of(data))


def _cluster_of(data: Mapping[str, Any]) -> Any:
    said: Any = data.get("global")
    for key in ("external_labels", "cluster"):
        said = said.get(key) if isinstance(said, dict) else None
    return said


def our_alerts(config: Config) -> frozenset[str]:
    """Return the names of alerts by which our route takes them.

    Not that of the watchdog, whose route asks for a label of ours as well.
    """
    return frozenset(alert_names(rule_sets(config, read_objectives(config)))) - {WATCHDOG}


def alertmanager_parts(config: Config, *, is_shared: bool) -> dict[Keys, Any]:
    """Return what to paste into an Alertmanager's configuration: the fragment, part by part.

    Args:
        config: the user's.
        is_shared: whether another cluster's is pasted into it.
    """
    objectives = read_objectives(config)
    alerts = alert_names(rule_sets(config, objectives))
    fragment = fragment_of(config, objectives, alerts, is_shared=is_shared)
    route = fragment.pop("route")
    return {
        ("route", "routes"): route["routes"],
        **{(name,): content for name, content in fragment.items() if content},
    }
