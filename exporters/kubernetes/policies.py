"""Who may reach exporters, whom they may reach, and how many may be moved at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from exporters.addresses import DEFAULT_PORTS
from exporters.config import PORTS, Config, Discovery
from exporters.kubernetes.names import (
    NAME,
    PART_OF,
    PORT_NAME,
    SINGLETON,
    labels_of,
    name_of,
    selector_of,
)
from exporters.kubernetes.text import Manifest
from exporters.topology import Topology

PROMETHEUS_PODS = {"app.kubernetes.io/name": "prometheus"}
"""Labels that the operator, and the Helm chart of Prometheus, give its pods."""


def service_account() -> Manifest:
    """Return the account of all exporters, which may nothing: none of them asks the API."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": NAME, "labels": {PART_OF: NAME}},
        "automountServiceAccountToken": False,
    }


def disruption_budget() -> Manifest:
    """Return the budget of the exporters of which there is one: a drain moves one at a time."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": NAME, "labels": {PART_OF: NAME}},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {SINGLETON: "true"}}},
    }


def network_policy(
    exporter: str, config: Config, extra_ports: Iterable[int] = (), *, is_on_node: bool = False
) -> Manifest:
    """Return the policy of an exporter's pods.

    Prometheus reads them, and they read each other; whoever reaches a port of a node may come under
    the node's own address, so that such a port is open to all. They reach the pods of the cluster,
    for the port of a Service is not that of its pods, the name server, and outside of the cluster
    and on its nodes the ports that the topology names; of a topology that a service tells, all, for
    its ports may be others tomorrow.

    Args:
        exporter: its name.
        config: the user's configuration.
        extra_ports: that it reaches besides.
        is_on_node: whether its port is one of the node.
    """
    ingress: dict[str, Any] = {"ports": [{"port": PORT_NAME, "protocol": "TCP"}]}
    readers: list[dict[str, Any]] = [
        {"namespaceSelector": {}, "podSelector": {"matchLabels": PROMETHEUS_PODS}},
        {"podSelector": {"matchLabels": {PART_OF: NAME}}},
    ]
    spec: dict[str, Any] = {
        "podSelector": {"matchLabels": selector_of(exporter)},
        "policyTypes": ["Ingress"],
        "ingress": [ingress if is_on_node else {"from": readers, **ingress}],
    }
    if not isinstance(config.file.topology, Discovery):
        ports = sorted({*_ports(exporter, config.topology), *extra_ports})
        names = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
        reached = [{"port": port, "protocol": "TCP"} for port in ports]
        spec["policyTypes"].append("Egress")
        spec["egress"] = [
            {"to": [{"namespaceSelector": {}}]},
            {"ports": names},
            *([{"ports": reached}] if reached else []),
        ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name_of(exporter), "labels": labels_of(exporter)},
        "spec": spec,
    }


def _ports(exporter: str, topology: Topology) -> Iterator[int]:
    """Yield the ports of what an exporter reads."""
    for url in _urls(exporter, topology):
        parts = urlsplit(url)
        yield parts.port or DEFAULT_PORTS[parts.scheme]
    if exporter == "groups":
        yield PORTS["gpu"]  # of the hosts, where an exporter of ours reads their GPUs


def _urls(exporter: str, topology: Topology) -> Iterator[str]:
    members = [member for group in topology.groups for member in group.members]
    if exporter in ("groups", "probe"):
        yield from (group.metrics for group in topology.groups)
    if exporter in ("groups", "gpu"):
        yield from (each.telemetry for each in members if each.telemetry)
    if exporter == "router":
        yield from (each.metrics for each in topology.routers)
    if exporter == "probe":
        yield from (each.requests for each in topology.routers if each.requests)
    if exporter == "tools":
        yield from (each.metrics for each in topology.tools)
