"""Whether series and topology name the same groups, GPUs, regions and models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from alerts.doctor.asking import fresh
from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.seen import Labels, Seen
from alerts.lint.report import number_of
from exporters import catalog
from exporters.topology import expected_gpus

FOLDED = (
    f"max by (job, instance) ({catalog.EXPORTER_FOLDED_VALUES.name}"
    f'{{{catalog.EXPORTER}="router",{catalog.LABEL}="{catalog.MODEL}"}}) > 0'
)
DCGM = 'group by (UUID) ({__name__=~"DCGM_FI_DEV_(GPU_TEMP|GPU_UTIL|FB_USED)",UUID!=""})'


def groups_served(interval_seconds: float) -> str:
    """Return the expression of the groups that exporters serve, each with its exporter."""
    labels = ", ".join(("instance", *catalog.GROUP_LABELS))
    return f"group by ({labels}) ({fresh(catalog.GROUP_UP.name, interval_seconds)})"


def gpus_served(interval_seconds: float) -> str:
    """Return the expression of the GPUs that exporters serve."""
    labels = ", ".join((catalog.CLUSTER, catalog.HOST, catalog.UUID))
    return f"group by ({labels}) ({fresh(catalog.GPU_UP.name, interval_seconds)})"


def cells_served(interval_seconds: float) -> str:
    """Return the expression of the cells that routers serve."""
    labels = ", ".join(catalog.CELL_LABELS)
    return f"group by ({labels}) ({fresh(catalog.ROUTER_REQUESTS.name, interval_seconds)})"


def find_group_missing(seen: Seen) -> Iterator[Found]:
    """Yield groups of the topology that no exporter serves, where others are served."""
    served = _served_groups(seen)
    cluster = seen.config.topology.cluster
    if not served:
        return
    there = {_key(labels) for labels in served}
    missing = [
        each.name
        for each in seen.config.topology.groups
        if (cluster, each.region, each.model, each.name) not in there
    ]
    if missing:
        clusters = {labels.get(catalog.CLUSTER, "") for labels in served}
        why = "" if cluster in clusters else f"; what is served is of cluster {listed(clusters)}"
        yield Found(
            "groups of the topology",
            f"{len(missing)} of {len(seen.config.topology.groups)} have no series: "
            f"{listed(missing)}{why}",
            f"series of each in cluster {cluster}",
            "give the groups exporter the same topology and restart it, or remove from "
            "topology.yaml what is gone; cluster, region and model must be the "
            "same in both",
        )


def find_group_unknown(seen: Seen) -> Iterator[Found]:
    """Yield groups under our cluster's name that the topology does not have."""
    strangers, second = _strangers(seen)
    unknown = [labels for instance, those in strangers.items() if instance not in second
               for labels in those]  # fmt: skip
    if unknown:
        yield Found(
            f"{number_of(len(unknown), 'group')} served",
            f"the topology does not have {listed(map(_place, unknown))}",
            f"the groups of {seen.config.topology.cluster} as the topology has them",
            "let the groups exporter and `shardwatch build` read the same topology.yaml",
        )


def find_second_cluster(seen: Seen) -> Iterator[Found]:
    """Yield exporters that serve other groups under our cluster's name: another cluster's."""
    strangers, second = _strangers(seen)
    for instance in sorted(second):
        yield Found(
            f"exporter groups at {instance}",
            f"serves {number_of(len(strangers[instance]), 'group')} under the cluster "
            f"{seen.config.topology.cluster}, none of them of this topology: "
            f"{listed(map(_place, strangers[instance]))}",
            "a name for each cluster",
            "give the other topology a `cluster` of its own: budgets, pages and inhibitions of "
            "both are one otherwise",
        )


def find_gpu_missing(seen: Seen) -> Iterator[Found]:
    """Yield GPUs of the topology that no exporter serves, where others are served."""
    cluster = seen.config.topology.cluster
    served = {
        each.labels.get(catalog.UUID, "")
        for each in seen.vector(gpus_served(seen.interval_seconds))
        if each.labels.get(catalog.CLUSTER) == cluster
    }
    expected = list(expected_gpus(seen.config.topology))
    missing = [each for each in expected if each.uuid not in served]
    if served and missing:
        named = listed(f"{each.uuid} on {each.host}" for each in missing)
        yield Found(
            "GPUs of the topology",
            f"{len(missing)} of {len(expected)} have no series: {named}",
            "a series of each, also of a lost one",
            "give the gpu exporter the same topology, and see that every member has `telemetry`",
        )


def find_gpu_unknown(seen: Seen) -> Iterator[Found]:
    """Yield GPUs that are served, or that dcgm-exporter shows, and that no group has."""
    topology = seen.config.topology
    if any(not member.gpus for group in topology.groups for member in group.members):
        return  # Theirs are those that telemetry shows.
    known = {each.uuid for each in expected_gpus(topology)}
    ours = {
        each.labels.get(catalog.UUID, "")
        for each in seen.vector(gpus_served(seen.interval_seconds))
        if each.labels.get(catalog.CLUSTER) == topology.cluster
    }
    for what, uuids in (
        (catalog.GPU_UP.name, ours),
        ("DCGM_FI_DEV_*", {each.labels.get("UUID", "") for each in seen.vector(DCGM)}),
    ):
        unknown = uuids - known
        if unknown:
            yield Found(
                what,
                f"shows {number_of(len(unknown), 'GPU')} of no group of the topology: "
                f"{listed(unknown)}",
                "a group for each GPU that serves",
                "add them to `gpus` of their group's member in topology.yaml: a GPU that was "
                "replaced has another UUID (`nvidia-smi -L`)",
            )


def find_cells_apart(seen: Seen) -> Iterator[Found]:
    """Yield regions and models that routers serve and no group has."""
    groups = {(each.region, each.model) for each in seen.config.topology.groups}
    expected = f"one of {listed(f'{model} in {region}' for region, model in groups)}"
    for each in seen.vector(FOLDED):
        yield Found(
            f"{each.labels.get('job', '')} at {each.labels.get('instance', '')}",
            f"its routers have {number_of(int(each.value), 'name')} of models that no group of "
            f"their region has: these requests count as {catalog.OTHER}",
            expected,
            "say under `names` of the router in topology.yaml what it calls the model: "
            "`names: {ITS-NAME: {model: OURS}}`; or correct the router's region",
        )
    apart = {
        (each.labels.get(catalog.REGION, ""), each.labels.get(catalog.MODEL, ""))
        for each in seen.vector(cells_served(seen.interval_seconds))
        if each.labels.get(catalog.CLUSTER) == seen.config.topology.cluster
        and each.labels.get(catalog.MODEL) != catalog.OTHER
    } - groups
    if apart:
        named = listed(f"{model} in {region}" for region, model in apart)
        yield Found(
            "routers",
            f"count requests of {named}, which no group serves: a burn there finds no cause",
            expected,
            "let the router exporter and `shardwatch build` read the same topology.yaml, with the "
            "router's region as its groups have it",
        )


def _ask_groups(seen: Seen) -> list[str]:
    return [groups_served(seen.interval_seconds)]


def _ask_gpus(seen: Seen) -> list[str]:
    return [gpus_served(seen.interval_seconds), DCGM]


def _ask_cells(seen: Seen) -> list[str]:
    return [cells_served(seen.interval_seconds), FOLDED]


def _served_groups(seen: Seen) -> list[Labels]:
    return [each.labels for each in seen.vector(groups_served(seen.interval_seconds))]


def _strangers(seen: Seen) -> tuple[dict[str, list[Labels]], set[str]]:
    """Return the groups that the topology lacks by instance, and the instances of another cluster.

    An exporter of which more than half of the groups are unknown, where another one serves ours,
    is another cluster's; else it is ours and reads another topology.
    """
    topology = seen.config.topology
    known = {(topology.cluster, each.region, each.model, each.name) for each in topology.groups}
    strangers: dict[str, list[Labels]] = defaultdict(list)
    ours: dict[str, int] = defaultdict(int)
    for labels in _served_groups(seen):
        if labels.get(catalog.CLUSTER) != topology.cluster:
            continue
        instance = labels.get("instance", "")
        if _key(labels) in known:
            ours[instance] += 1
        else:
            strangers[instance].append(labels)
    second = {
        each
        for each, those in strangers.items()
        if len(those) > ours[each] and any(n for other, n in ours.items() if other != each)
    }
    return strangers, second


def _key(labels: Labels) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in catalog.GROUP_LABELS)


def _place(labels: Labels) -> str:
    where = f"{labels.get(catalog.MODEL, '')} in {labels.get(catalog.REGION, '')}"
    return f"{labels.get(catalog.GROUP, '')} ({where})"


CHECKS = (
    Check("join/group-missing", Harm.BLIND, "Groups of the topology without a series.",
          find_group_missing, _ask_groups,
          series=(catalog.GROUP_UP.name,)),
    Check("join/gpu-missing", Harm.BLIND, "GPUs of the topology without a series.",
          find_gpu_missing, _ask_gpus,
          series=(catalog.GPU_UP.name,)),
    Check("join/gpu-unknown", Harm.BLIND, "GPUs that are there and belong to no group.",
          find_gpu_unknown, _ask_gpus,
          series=(catalog.GPU_UP.name,)),
    Check("join/second-cluster", Harm.WRONG_DATA, "Two clusters under one name.",
          find_second_cluster, _ask_groups,
          series=(catalog.GROUP_UP.name,)),
    Check("join/group-unknown", Harm.WRONG_DATA, "Groups that are served and that the topology "
          "does not have.", find_group_unknown, _ask_groups,
          series=(catalog.GROUP_UP.name,)),
    Check("join/cells-apart", Harm.WRONG_DATA, "Regions or models of routers that no group has.",
          find_cells_apart, _ask_cells,
          series=(catalog.ROUTER_REQUESTS.name,)),
)  # fmt: skip
