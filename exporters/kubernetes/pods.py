"""Pods of exporters: nobody's root, a file system that nobody writes, and asked how they are.

No capability is needed to read pages over HTTP or to call NVML, so all are dropped. A kubelet asks
without a password or a certificate: ``/healthz`` and ``/readyz`` want none, but where exporters ask
for a client's certificate a kubelet can only see that they listen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exporters.config import Config
from exporters.kubernetes.configuration import ExporterConfiguration
from exporters.kubernetes.names import (
    CONFIG_FILE,
    CONFIG_FOLDER,
    CONFIG_NAME,
    NAME,
    PORT_NAME,
    SOURCES_FOLDER,
    SOURCES_SECRET,
    TOPOLOGY_NAME,
    WEB_CONFIG_KEY,
    WEB_FOLDER,
    WEB_SECRET,
    labels_of,
    port_of,
)

USER = 65532
"""``nonroot`` of Containerfile."""


def pod_spec(
    exporter: str,
    config: Config,
    read: ExporterConfiguration,
    resources: dict[str, Any],
    arguments: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the spec of an exporter's pod.

    Args:
        exporter: its name.
        config: the user's configuration.
        read: what the exporter reads of it.
        resources: of its container.
        arguments: further ones of its command.
    """
    is_guarded = _is_guarded(config)
    mounts = [
        {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
    ]
    volumes: list[dict[str, Any]] = [
        {"name": "config", "projected": {"sources": _config_maps(read)}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}},
    ]
    for name, secret, folder, is_there in (
        ("sources", SOURCES_SECRET, SOURCES_FOLDER, bool(read.secrets.files)),
        ("web", WEB_SECRET, WEB_FOLDER, is_guarded),
    ):
        if is_there:
            mounts.append({"name": name, "mountPath": folder, "readOnly": True})
            volumes.append({"name": name, "secret": {"secretName": secret, "defaultMode": 0o440}})
    listen = f"0.0.0.0:{port_of(exporter)}"
    guard = ["--web.config.file", f"{WEB_FOLDER}/{WEB_CONFIG_KEY}"] if is_guarded else []
    container = {
        "name": exporter,
        "image": config.file.kubernetes.image,
        "args": ["exporter", exporter, "--config", CONFIG_FILE, "--listen", listen,
                 *guard, *arguments],
        "ports": [{"name": PORT_NAME, "containerPort": port_of(exporter)}],
        **_probes(config),
        "resources": resources,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }  # fmt: skip
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 10,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": volumes,
    }


def pod_template(exporter: str, spec: dict[str, Any], **labels: str) -> dict[str, Any]:
    """Return the template of an exporter's pods."""
    return {"metadata": {"labels": labels_of(exporter) | labels}, "spec": spec}


def _config_maps(read: ExporterConfiguration) -> list[dict[str, Any]]:
    maps = [{"configMap": {"name": CONFIG_NAME}}]
    if read.topology_name:
        maps.append({"configMap": {"name": TOPOLOGY_NAME}})
    return maps


def _is_guarded(config: Config) -> bool:
    """Tell whether exporters serve as a ``web-config.yml`` says."""
    return bool(config.file.exporters.https or config.file.exporters.basic_auth)


def _probes(config: Config) -> dict[str, Any]:
    https = config.file.exporters.https
    if https and https.cert_file:
        listening = {"tcpSocket": {"port": PORT_NAME}}
        alive, ready = listening, listening
    else:
        scheme = {"scheme": "HTTPS"} if https else {}
        alive, ready = (
            {"httpGet": {"path": path, "port": PORT_NAME, **scheme}}
            for path in ("/healthz", "/readyz")
        )
    return {
        "startupProbe": {**alive, "periodSeconds": 2, "failureThreshold": 60},
        "livenessProbe": {
            **alive, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6,
        },
        "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 5},
    }  # fmt: skip
