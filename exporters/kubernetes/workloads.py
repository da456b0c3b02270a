"""What runs each exporter of which there is one, and the address that it has."""

from __future__ import annotations

from exporters.config import Config
from exporters.kubernetes.configuration import ExporterConfiguration
from exporters.kubernetes.names import (
    PORT_NAME,
    SINGLETON,
    labels_of,
    name_of,
    port_of,
    selector_of,
)
from exporters.kubernetes.pods import pod_spec, pod_template
from exporters.kubernetes.sizing import COSTS, resources, sources_of
from exporters.kubernetes.text import Manifest


def singletons(config: Config) -> list[str]:
    """Return the exporters that run once in a cluster whatever reads its GPUs.

    Those that are wanted and the topology has something to read for. Addresses under ``exporters:``
    have nothing to do with it: they are of exporters elsewhere.
    """
    wanted, topology = config.file.kubernetes.exporters, config.topology
    has_sources = {"groups": True, "probe": True, "router": bool(topology.routers),
                   "tools": bool(topology.tools)}  # fmt: skip
    return [name for name, is_there in has_sources.items() if is_there and name in wanted]


def deployment(exporter: str, config: Config, read: ExporterConfiguration) -> Manifest:
    """Return the Deployment of an exporter.

    Of one pod, and never of two for the time of a roll-out: what both served would count twice.
    """
    wanted = resources(COSTS[exporter], sources_of(exporter, config.topology))
    spec = pod_spec(exporter, config, read, wanted)
    spec["nodeSelector"] = {"kubernetes.io/os": "linux"}
    # A lost node should not take the eyes for all of a cluster with it.
    spec["topologySpreadConstraints"] = [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {SINGLETON: "true"}},
        }
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name_of(exporter), "labels": labels_of(exporter)},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": selector_of(exporter)},
            "template": pod_template(exporter, spec, **{SINGLETON: "true"}),
        },
    }


def service(exporter: str) -> Manifest:
    """Return the Service of an exporter, which leads to it while it is not ready too.

    An exporter that nobody may ask cannot tell why.
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name_of(exporter), "labels": labels_of(exporter)},
        "spec": {
            "selector": selector_of(exporter),
            "publishNotReadyAddresses": True,
            "ports": [
                {"name": PORT_NAME, "port": port_of(exporter), "targetPort": PORT_NAME}
            ],
        },
    }  # fmt: skip
