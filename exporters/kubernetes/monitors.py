"""What tells the Prometheus of the operator to scrape exporters.

Labels that the operator gives a target would stand on every series: a pod's name among them, under
which a moved exporter would begin all series anew. They are dropped, and ``instance`` is the
exporter's own address, or its node's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporters.config import Config
from exporters.durations import format_duration
from exporters.kubernetes.names import (
    JOB,
    PORT_NAME,
    SCRAPE_SECRET,
    labels_of,
    name_of,
    port_of,
    selector_of,
)
from exporters.kubernetes.text import Manifest
from exporters.scrape import scrape_timeout_seconds

API = "monitoring.coreos.com/v1"
_OF_PODS = "namespace|service|endpoint|pod|container|node"


def service_monitor(exporter: str, config: Config, labels: Mapping[str, str]) -> Manifest:
    """Return the ServiceMonitor of an exporter.

    Args:
        exporter: its name.
        config: the user's configuration.
        labels: by which a Prometheus of the operator selects monitors.
    """
    instance = {"action": "replace", "targetLabel": "instance",
                "replacement": f"{name_of(exporter)}:{port_of(exporter)}"}  # fmt: skip
    return {
        "apiVersion": API,
        "kind": "ServiceMonitor",
        "metadata": {"name": name_of(exporter), "labels": labels_of(exporter) | dict(labels)},
        "spec": {
            "jobLabel": JOB,
            "selector": {"matchLabels": selector_of(exporter)},
            "endpoints": [_endpoint(config, instance)],
        },
    }


def pod_monitor(exporter: str, config: Config, labels: Mapping[str, str]) -> Manifest:
    """Return the PodMonitor of an exporter that runs on each node; arguments as above."""
    instance = {"action": "replace", "sourceLabels": ["__meta_kubernetes_pod_node_name"],
                "targetLabel": "instance", "replacement": f"$1:{port_of(exporter)}"}  # fmt: skip
    return {
        "apiVersion": API,
        "kind": "PodMonitor",
        "metadata": {"name": name_of(exporter), "labels": labels_of(exporter) | dict(labels)},
        "spec": {
            "jobLabel": JOB,
            "selector": {"matchLabels": selector_of(exporter)},
            "podMetricsEndpoints": [_endpoint(config, instance)],
        },
    }


def _endpoint(config: Config, instance: Mapping[str, Any]) -> dict[str, Any]:
    interval = config.file.prometheus.scrape_interval
    return {
        "port": PORT_NAME,
        "honorLabels": True,
        "interval": format_duration(interval),
        "scrapeTimeout": format_duration(scrape_timeout_seconds(interval)),
        **_access(config),
        "relabelings": [dict(instance), {"action": "labeldrop", "regex": _OF_PODS}],
    }


def _access(config: Config) -> dict[str, Any]:
    """Return how Prometheus gets in: by a Secret of its own, beside the monitors."""
    https, user = config.file.exporters.https, config.file.exporters.basic_auth
    access: dict[str, Any] = {}
    if https:
        tls: dict[str, Any] = {}
        if https.ca_file:
            tls["ca"] = {"secret": _key("ca.crt")}
        if https.cert_file:
            tls |= {"cert": {"secret": _key("tls.crt")}, "keySecret": _key("tls.key")}
        if https.server_name:
            tls["serverName"] = https.server_name
        access |= {"scheme": "https", **({"tlsConfig": tls} if tls else {})}
    if user:
        access["basicAuth"] = {"username": _key("username"), "password": _key("password")}
    return access


def _key(key: str) -> dict[str, str]:
    return {"name": SCRAPE_SECRET, "key": key}
