"""Which labels say where something is: of series, of targets before relabelling, of Kubernetes.

People call the same thing by many names, and an order of them is all there is to go by. What was
taken, and by which label, is a :class:`Told`, so that it can be said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exporters.discovery.labels import LABELS as DISCOVERED
from slo.adopt.found import Found, KubernetesPod, LabelSet, Pod


class Sureness(StrEnum):
    """How far a thing that was worked out can be believed."""

    SURE = "sure"
    """It says so itself."""
    LIKELY = "likely"
    """It is called so, or follows from how it usually is."""
    GUESS = "guess"
    """Somebody has to look at it."""


@dataclass(frozen=True)
class Told:
    """A value, and what told it."""

    value: str
    by: str
    """In words: ``label region``."""
    sureness: Sureness
    label: str = ""
    """Of the series themselves; empty if something else told."""


_SET = "leaderworkerset_sigs_k8s_io_"

SURE: Final[Mapping[str, tuple[str, ...]]] = {
    "cluster": ("cluster", "cluster_name", "k8s_cluster_name", "k8s_cluster", "kubernetes_cluster"),
    "region": (
        "region",
        "topology_kubernetes_io_region",
        "label_topology_kubernetes_io_region",
        "cloud_region",
        "aws_region",
        "gcp_region",
    ),
    "model": ("model_name",),
    "namespace": ("namespace", "kubernetes_namespace", "k8s_namespace", "k8s_namespace_name"),
    "pod": ("pod", "pod_name", "kubernetes_pod_name", "kubernetes_pod", "k8s_pod_name"),
    "host": (
        "node",
        "host",
        "hostname",
        "Hostname",
        "node_name",
        "nodename",
        "kubernetes_node",
        "kubernetes_io_hostname",
        "k8s_node_name",
    ),
    "set": (f"{_SET}name", f"label_{_SET}name", "lws_name", "leaderworkerset_name"),
    "set_index": (f"{_SET}group_index", f"label_{_SET}group_index", "lws_group_index"),
    "worker": (f"{_SET}worker_index", f"label_{_SET}worker_index", "lws_worker_index"),
    "leader": (f"{_SET}leader_name",),
    "revision": (
        "revision",
        f"{_SET}template_revision_hash",
        f"label_{_SET}template_revision_hash",
        "template_revision_hash",
        "pod_template_hash",
        "label_pod_template_hash",
    ),
}
"""Labels of series that mean a field, the first that is there."""
LIKELY: Final[Mapping[str, tuple[str, ...]]] = {
    "region": (
        "datacenter",
        "data_center",
        "dc",
        "site",
        "location",
        "zone",
        "availability_zone",
        "topology_kubernetes_io_zone",
        "label_topology_kubernetes_io_zone",
    ),
    "set": ("leaderworkerset", "lws"),
    "set_index": ("group_index",),
    "worker": ("worker_index",),
    "leader": ("leader_name", "leader"),
}
"""Labels that are often called so where nothing surer is there."""


def read_field(found: Found, labels: LabelSet, name: str) -> Told | None:
    """Return one of the fields of :data:`SURE`; None if nothing tells it.

    Args:
        found: with the target that the series is of, and Kubernetes's pods and nodes.
        labels: of the series.
        name: of the field.
    """
    for label in SURE[name]:
        if value := labels.get(label):
            return Told(value, f"label {label}", Sureness.SURE, label)
    target = found.targets.of(labels)
    if target:
        for label in DISCOVERED.get(name, ()):
            if value := target.discovered.get(label):
                return Told(value, f"target's {label}", Sureness.SURE)
    for label in LIKELY.get(name, ()):
        if value := labels.get(label):
            return Told(value, f"label {label}", Sureness.LIKELY, label)
    return _by_kubernetes(found, labels, name)


def value_of(found: Found, labels: LabelSet, name: str) -> str:
    """Return the value of a field; empty if nothing tells it."""
    told = read_field(found, labels, name)
    return told.value if told else ""


def pod_of(found: Found, labels: LabelSet) -> Pod | None:
    """Return the pod that a series' target runs in; None if it is none."""
    pod = value_of(found, labels, "pod")
    return (value_of(found, labels, "namespace"), pod) if pod else None


def _by_kubernetes(found: Found, labels: LabelSet, name: str) -> Told | None:
    if name in ("pod", "namespace"):
        return None
    pod = pod_of(found, labels)
    known = found.pods.get(pod, KubernetesPod()) if pod else KubernetesPod()
    if name == "host":
        return Told(known.node, "kube_pod_info", Sureness.SURE) if known.node else None
    if name == "region":
        node = value_of(found, labels, "host")
        return _region_of_node(found.nodes.get(node, {}))
    for label in SURE[name]:
        if value := known.labels.get(label):
            return Told(value, f"kube_pod_labels' {label}", Sureness.SURE)
    return None


def _region_of_node(labels: LabelSet) -> Told | None:
    for label, sureness in (
        ("label_topology_kubernetes_io_region", Sureness.SURE),
        ("label_topology_kubernetes_io_zone", Sureness.LIKELY),
    ):
        if value := labels.get(label):
            return Told(value, f"kube_node_labels' {label}", sureness)
    return None
