"""The exporter of tool calls where agents send them, in place of gateways that it would read.

One pod, for it counts by itself: what is sent while it starts anew is lost, unless clients try
again.
"""

from __future__ import annotations

from exporters.config import Config
from exporters.kubernetes.configuration import ExporterConfiguration
from exporters.kubernetes.policies import network_policy
from exporters.kubernetes.text import Manifest
from exporters.kubernetes.workloads import deployment, service

TOOLS = "tools"
OTLP_PORT = 4318
"""Of OTLP over HTTP, by its specification."""
OTLP_PORT_NAME = "otlp"


def otlp_deployment(config: Config, read: ExporterConfiguration) -> Manifest:
    """Return its Deployment."""
    found = deployment(TOOLS, config, read)
    (container,) = found["spec"]["template"]["spec"]["containers"]
    container["args"] += ["--otlp", f"0.0.0.0:{OTLP_PORT}"]
    container["ports"].append({"name": OTLP_PORT_NAME, "containerPort": OTLP_PORT})
    return found


def otlp_service() -> Manifest:
    """Return its Service, at which Prometheus asks and agents send."""
    found = service(TOOLS)
    found["spec"]["ports"].append(
        {"name": OTLP_PORT_NAME, "port": OTLP_PORT, "targetPort": OTLP_PORT_NAME}
    )
    return found


def otlp_network_policy(config: Config) -> Manifest:
    """Return its policy: agents run in pods of any namespace."""
    found = network_policy(TOOLS, config)
    found["spec"]["ingress"].append(
        {
            "from": [{"namespaceSelector": {}}],
            "ports": [{"port": OTLP_PORT_NAME, "protocol": "TCP"}],
        }
    )
    return found
