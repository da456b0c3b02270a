"""Labels that collide with ours: on what is scraped, and on what leaves Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alerts.doctor.examples import examples, kinds
from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.relabeling import relabel, steps_to_ours
from alerts.doctor.seen import Seen
from alerts.prometheus_file import REPLICA
from exporters import catalog
from slo import conventions

_OURS = (*catalog.GROUP_LABELS, catalog.HOST, catalog.REVISION, catalog.TIER, catalog.ROUTER)
_UPS = tuple(
    family.name
    for family in (
        catalog.GROUP_UP, catalog.GPU_UP, catalog.ROUTER_UP, catalog.TOOLS_UP, catalog.SOURCE_UP,
        catalog.ROUTER_REQUESTS,
    )
)  # fmt: skip
EXPORTED = " or ".join(
    f'group by (job, instance, exported_{label}) ({{__name__=~"{"|".join(_UPS)}",'
    f'exported_{label}!=""}})'
    for label in _OURS
)
_RESERVED = (
    *catalog.GROUP_LABELS[1:], catalog.HOST, catalog.TIER, catalog.TOOL, conventions.SLO,
    conventions.SERVICE, conventions.SEVERITY, conventions.BURN_TIER, conventions.WINDOW,
)  # fmt: skip
"""Labels of ours that every alert gets that does not have them."""
_REPLICAS = re.compile(r"(?:.*_)?replica(?:_.*)?", re.IGNORECASE)


def find_exported(seen: Seen) -> Iterator[Found]:
    """Yield targets whose own labels have taken the place of ours."""
    whose: dict[tuple[str, str], set[str]] = {}
    for each in seen.vector(EXPORTED):
        target = each.labels.get("job", ""), each.labels.get("instance", "")
        whose.setdefault(target, set()).update(
            name.removeprefix("exported_") for name in each.labels if name.startswith("exported_")
        )
    for (job, instance), names in sorted(whose.items()):
        first = sorted(names)[0]
        yield Found(
            f"{job} at {instance}",
            f"Prometheus gives its series {listed(names)} of its own, and ours became "
            f"exported_{first}",
            "the labels of the exporter",
            "write `honor_labels: true` into its scrape config (honorLabels of a ServiceMonitor), "
            "or remove these labels from the target",
        )


def find_external(seen: Seen) -> Iterator[Found]:
    """Yield external labels that say something else than ours of the same name."""
    topology = seen.config.topology
    cluster = topology.cluster
    regions = {
        *(each.region for each in topology.groups),
        *(each.region for each in topology.routers),
        *(each.region for each in topology.tools),
    }
    for name, value in sorted(seen.external_labels.items()):
        if name == catalog.CLUSTER and value != cluster:
            yield Found(
                f"{seen.url}: external_labels",
                f"{name}: {value}, where the topology says {cluster}: alerts that lack the label "
                "are of another cluster than those that have it, and inhibit none of them",
                f"{name}: {cluster}",
                f"write `cluster: {value}` into topology.yaml, or `{name}: {cluster}` into "
                "external_labels of prometheus.yml",
            )
        elif name == catalog.REGION and {value} == regions:
            continue  # it is so of all
        elif name in _RESERVED:
            yield Found(
                f"{seen.url}: external_labels",
                f"{name}: {value}, which every alert gets that has none: causes and pages of all "
                f"cells seem to be of one {name}",
                f"no external label {name}",
                f"call it otherwise in external_labels of prometheus.yml, such as site_{name}",
            )


def find_clusterless(seen: Seen) -> Iterator[Found]:
    """Yield that alerts say no cluster unless their series do, which objectives' mostly do not.

    And that they are sent without the cluster, region or model that they have in Prometheus.
    """
    cluster = seen.config.topology.cluster
    sent = [*examples(seen, conventions.PAGE), *examples(seen, conventions.TICKET)]
    if any(catalog.CLUSTER not in {*each.before, *each.labels} for each in sent):
        yield Found(
            f"{seen.url}: external_labels",
            "no cluster: alerts of objectives say of none, so that no page of a region inhibits "
            "them, and those of two clusters that share an Alertmanager are one incident",
            f"{catalog.CLUSTER}: {cluster}",
            external_cluster(seen),
        )
    for name in catalog.CELL_LABELS:
        changed = [each for each in sent if each.labels.get(name) != each.before.get(name)]
        if lost := [each for each in changed if name in each.before]:
            said, instead = lost[0].before[name], lost[0].labels.get(name)
            how = f"make {name}: {said} {instead} in" if instead else f"take {name} away from"
            yield Found(
                f"{seen.url}: alert_relabel_configs",
                f"{how} {kinds(lost, 'alerts')}: routes, inhibitions and incidents go by it",
                f"{name}: {said}",
                f"leave {name} out of the step that does so, in `alerting.alert_relabel_configs` "
                "of prometheus.yml or of one of its alertmanagers "
                "(additionalAlertRelabelConfigs of the operator's Prometheus)",
            )


def external_cluster(seen: Seen) -> str:
    """Return what to write so that alerts say their cluster."""
    said = f"{catalog.CLUSTER}: {seen.config.topology.cluster}"
    return (
        f"write `external_labels: {{{said}}}` under global of prometheus.yml "
        f"(`externalLabels: {{{said}}}` of the operator's Prometheus)"
    )


def find_replica(seen: Seen) -> Iterator[Found]:
    """Yield external labels by which the alerts of two servers are two, and one that is missing."""
    wanted = seen.config.file.prometheus.replica
    found = {name: value for name, value in seen.external_labels.items() if _is_replica(name)}
    ways = steps_to_ours(seen)
    left = {name for way in ways for name in (relabel(found, way) or {}) if name in found}
    for name in sorted(left):
        yield Found(
            f"{seen.url}: external_labels",
            f"{name}: {found[name]} stays on alerts: those of two servers that watch the same are "
            "two, and an incident ends when neither fires",
            "alerts without it",
            f"write into prometheus.yml `alerting: {{alert_relabel_configs: [{{action: labeldrop, "
            f"regex: {name}}}]}}`",
        )
    if wanted and found.get(REPLICA) != wanted:
        yield Found(
            f"{seen.url}: external_labels",
            f"{REPLICA} is {found.get(REPLICA, 'missing')}",
            f"{REPLICA}: {wanted}, as {seen.config.path.name} says",
            f"write `external_labels: {{{REPLICA}: {wanted}}}` under global of prometheus.yml",
        )


def _is_replica(name: str) -> bool:
    return _REPLICAS.fullmatch(name.strip("_")) is not None


CHECKS = (
    Check("labels/exported", Harm.WRONG_DATA, "Labels of a target have taken the place of ours.",
          find_exported, lambda _: [EXPORTED], series=_UPS),
    Check("labels/external", Harm.WRONG_DATA, "External labels that alerts of ours take for their "
          "own.", find_external, needs=("server_config",)),
    Check("labels/cluster", Harm.WRONG_DATA, "Alerts are sent that do not say of which cluster, "
          "region or model they are.", find_clusterless, needs=("server_config",)),
    Check("labels/replica", Harm.UNTIDY, "Alerts of two servers that watch the same are two.",
          find_replica, needs=("server_config",)),
)  # fmt: skip
