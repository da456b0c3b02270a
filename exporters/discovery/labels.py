"""What the labels of a discovered target say, each field by the first label that is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from exporters.discovery.targets import DiscoveredTarget

_POD = "__meta_kubernetes_pod_label_"
_SET = f"{_POD}leaderworkerset_sigs_k8s_io_"
"""Labels of LeaderWorkerSet (lws api/leaderworkerset/v1), as Prometheus writes them."""

ROLE: Final = "shardwatch_role"
LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "cluster": ("cluster",),
    "region": (
        "region",
        "__meta_kubernetes_node_label_topology_kubernetes_io_region",
        f"{_POD}topology_kubernetes_io_region",
    ),
    "model": ("model", "model_name", f"{_POD}llm_d_ai_model", f"{_POD}model_aibrix_ai_name"),
    "revision": ("revision", f"{_SET}template_revision_hash", f"{_POD}pod_template_hash"),
    "group": ("group",),
    "set": (f"{_SET}name",),
    "set_index": (f"{_SET}group_index",),
    "worker": (f"{_SET}worker_index",),
    "namespace": ("__meta_kubernetes_namespace",),
    "engine": ("engine",),
    "failure_domain": ("failure_domain",),
    "host": ("host", "node", "__meta_kubernetes_pod_node_name"),
    "pod": ("__meta_kubernetes_pod_name",),
    "gpus": ("gpus",),
    "telemetry": ("telemetry",),
    "name": ("name", "router", "gateway"),
    "dialect": ("dialect",),
    "requests": ("requests",),
}
"""Fields, each with the labels that give it. Without a ``group``, one is made of the
LeaderWorkerSet: ``NAMESPACE/SET-INDEX``. ``gpus`` are UUIDs between commas, ``telemetry`` is an
address. ``name`` and ``dialect`` are for routers and gateways, ``requests`` is an address for
routers."""


def role_of(target: DiscoveredTarget) -> str:
    """Return what a target is: one of ``placing.ROLES``, or whatever it calls itself."""
    role = target.labels.get(ROLE) or "engine"
    return "worker" if role == "engine" and field_of(target, "worker") not in ("", "0") else role


def field_of(target: DiscoveredTarget, name: str) -> str:
    """Return one of the fields of ``LABELS``; empty if no label gives it."""
    return next((value for label in LABELS[name] if (value := target.labels.get(label))), "")


def group_name_of(target: DiscoveredTarget) -> str:
    """Return the group that a target is of; empty if it says none."""
    name = field_of(target, "group")
    if name:
        return name
    of_set, index = field_of(target, "set"), field_of(target, "set_index")
    if not of_set or not index:
        return ""
    namespace = field_of(target, "namespace")
    return f"{namespace}/{of_set}-{index}" if namespace else f"{of_set}-{index}"


def host_of(target: DiscoveredTarget) -> str:
    """Return the host in its address."""
    return target.address.rpartition(":")[0] or target.address


def url_of(target: DiscoveredTarget) -> str:
    """Return the address of its page, made as Prometheus makes it."""
    labels = target.labels
    prefix = "__param_"
    query = urlencode({n[len(prefix) :]: v for n, v in labels.items() if n.startswith(prefix)})
    path = labels.get("__metrics_path__") or "/metrics"
    scheme = labels.get("__scheme__") or "http"
    return f"{scheme}://{target.address}{path}" + (f"?{query}" if query else "")
