"""The steps where Prometheus, Alertmanager and Grafana are servers with files of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from alerts.build import FRAGMENT_PATH, alert_names, fragment_of, rule_sets
from alerts.collector_file import COLLECTOR_PATH
from alerts.own_machine import WHAT_IS_THERE, links_to_own_machine
from alerts.prometheus_file import RULE_FILES
from alerts.routing.names import fallback_of
from alerts.watch.notifications import NOTIFICATIONS_FAILING
from dashboards import variables
from dashboards.build import (
    BOARDS_FOLDER,
    DASHBOARDS_PROVISIONING_PATH,
    DATASOURCES_PROVISIONING_PATH,
    GRAFANA_FOLDER,
)
from dashboards.next_steps.writing import write_steps
from exporters.alertmanagers import alerting_entries, read_place
from exporters.config import Config
from exporters.durations import format_duration
from exporters.scrape import JOBS, configs_with_targets
from slo.checks.retention import days_to_keep, seconds_needed
from slo.objective import Objective
from slo.objectives import read_objectives
from slo.rule_files import RulesForm
from slo.rules_format import RulesFormat

_SECRET_SUFFIX = "_file"  # noqa: S105 - how fields end that name one


def next_steps(config: Config, form: RulesForm, out: Path) -> str:
    """Return the file.

    Args:
        config: the user's configuration.
        form: how rules are written.
        out: the folder that is built.
    """
    folder = out.absolute()
    objectives = read_objectives(config)
    alerts = alert_names(rule_sets(config, objectives, form))
    fragment = fragment_of(config, objectives, alerts)
    scrapes = configs_with_targets(config)
    addresses = config.file.alertmanager.addresses
    return write_steps(
        "servers.md",
        config.generated_from,
        config=config.path.absolute(),
        folder=folder,
        cluster=config.topology.cluster,
        exporters=_exporters(config),
        is_vmalert=form.format is RulesFormat.VMALERT,
        prometheus_url=config.file.prometheus.url.rstrip("/"),
        alertmanager_urls=[each.url for each in sorted(map(read_place, addresses))],
        interval=format_duration(config.file.prometheus.scrape_interval),
        rules=str(folder / RULE_FILES),
        scrapes=scrapes,
        alertmanagers=alerting_entries(addresses),
        days=retention_days(objectives),
        failing=NOTIFICATIONS_FAILING,
        collector=COLLECTOR_PATH,
        fragment=fragment,
        wakes_somebody=wakes_somebody(config),
        fragment_path=folder / FRAGMENT_PATH,
        secrets=sorted(set(_secret_files(fragment))),
        boards=BOARDS_FOLDER,
        grafana=config.file.links.grafana,
        runbooks=config.file.links.runbooks,
        own_machine=[WHAT_IS_THERE[each] for each in links_to_own_machine(config.file)],
        grafana_folder=GRAFANA_FOLDER,
        datasource=variables.PROVISIONED_NAME,
        datasources=DATASOURCES_PROVISIONING_PATH,
        providers=DASHBOARDS_PROVISIONING_PATH,
    )


def wakes_somebody(config: Config) -> bool:
    """Return whether anybody is told of a page, beside a webhook that hears of everything."""
    return bool(fallback_of(config.file) or config.file.alertmanager.owners)


def retention_days(objectives: Iterable[Objective]) -> int:
    """Return for how many days Prometheus must keep series."""
    return days_to_keep(max(map(seconds_needed, objectives)))


def _exporters(config: Config) -> list[tuple[str, str]]:
    """Return the exporters that Prometheus reads, with the first address of each."""
    addresses = {name: getattr(config.file.exporters, name) for name in JOBS}
    return [(name, found[0]) for name, found in addresses.items() if found]


def _secret_files(content: Any) -> Iterator[str]:
    """Yield the paths of secrets that Alertmanager's configuration names."""
    if isinstance(content, list):
        for each in content:
            yield from _secret_files(each)
    elif isinstance(content, dict):
        for key, value in content.items():
            if key.endswith(_SECRET_SUFFIX) and isinstance(value, str):
                yield value
            else:
                yield from _secret_files(value)
