"""The steps on Kubernetes, with the Prometheus Operator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from alerts.build import rule_sets
from alerts.kubernetes.alertmanager_config import Routing
from alerts.kubernetes.build import routing_of
from alerts.watch.notifications import NOTIFICATIONS_FAILING
from dashboards.kubernetes import LABEL, LABEL_VALUE
from dashboards.next_steps.servers import retention_days, wakes_somebody
from dashboards.next_steps.writing import quoted, write_steps
from exporters.config import PORTS, Config
from exporters.kubernetes.build import FOLDER, NO_GPUS, OF_PAGES, ON_NODES, OVERLAYS
from exporters.kubernetes.configuration import exporter_configuration, scrape_secret_files
from exporters.kubernetes.gpus import GPU
from exporters.kubernetes.names import SCRAPE_SECRET, SOURCES_SECRET, WEB_CONFIG_KEY, WEB_SECRET
from exporters.kubernetes.settings import NAMESPACE
from exporters.kubernetes.tools_otlp import TOOLS
from exporters.kubernetes.workloads import singletons
from exporters.version import VERSION
from slo.objectives import read_objectives
from slo.rule_files import RulesForm


@dataclass(frozen=True)
class Secret:
    """A Secret that somebody has to make."""

    name: str
    pairs: tuple[str, ...]
    """Options of ``kubectl create secret generic``."""


def next_steps(config: Config, form: RulesForm, out: Path) -> str:
    """Return the file.

    Args:
        config: the user's configuration.
        form: how rules are written, and by which labels the operator selects objects.
        out: the folder that is built.
    """
    chosen = recommended_overlay(config)
    objectives = read_objectives(config)
    routing = routing_of(config, form, objectives, rule_sets(config, objectives, form))
    settings = config.file.kubernetes
    return write_steps(
        "cluster.md",
        config.generated_from,
        config=config.path.absolute(),
        overlay=out.absolute() / FOLDER / "overlays" / chosen,
        chosen=chosen,
        overlays=OVERLAYS,
        image=settings.image,
        tag=tag_of(settings.image),
        namespace=settings.namespace,
        is_own=settings.namespace == NAMESPACE,
        is_guarded=_is_guarded(config),
        has_otlp=TOOLS not in singletons(config),
        web_secret=WEB_SECRET,
        secrets=list(_secrets(config, routing)),
        labels=form.labels,
        days=retention_days(objectives),
        cluster=config.topology.cluster,
        failing=NOTIFICATIONS_FAILING,
        wakes_somebody=wakes_somebody(config),
        grafana=config.file.links.grafana,
        runbooks=config.file.links.runbooks,
        sidecar_label=LABEL,
        sidecar_value=LABEL_VALUE,
        unsaid=routing.unsaid,
    )


def tag_of(image: str) -> str:
    """Return the tag to build an image under: one that is named by its digest has none yet."""
    name, at, _ = image.partition("@")
    has_tag = ":" in name.rpartition("/")[2]
    return name if has_tag or not at else f"{name}:{VERSION}"


def recommended_overlay(config: Config) -> str:
    """Return how GPUs are read, as the addresses of hosts' pages in the topology say."""
    if GPU not in config.file.kubernetes.exporters:
        return NO_GPUS
    members = [member for group in config.topology.groups for member in group.members]
    if not any(each.gpus or each.telemetry for each in members):
        return NO_GPUS  # of none that anybody knows: a reader of the driver would not start
    ports = {urlsplit(each.telemetry).port for each in members if each.telemetry}
    return ON_NODES if ports <= {PORTS["gpu"]} else OF_PAGES


def _secrets(config: Config, routing: Routing) -> Iterator[Secret]:
    sources = exporter_configuration(config, SOURCES_SECRET).secrets
    for each in (routing.secrets, sources):
        if each.files:
            yield Secret(each.name, tuple(_from_files(each.files.items())))
    user = config.file.exporters.basic_auth
    username = [f"--from-literal={quoted(f'username={user.username}')}"] if user else []
    if scrape := [*_from_files(scrape_secret_files(config)), *username]:
        yield Secret(SCRAPE_SECRET, tuple(scrape))
    if _is_guarded(config):
        yield Secret(WEB_SECRET, tuple(_from_files([(WEB_CONFIG_KEY, Path(WEB_CONFIG_KEY))])))


def _is_guarded(config: Config) -> bool:
    return bool(config.file.exporters.https or config.file.exporters.basic_auth)


def _from_files(files: Iterable[tuple[str, Path]]) -> Iterator[str]:
    for key, path in files:
        yield f"--from-file={key}={quoted(path)}"
