"""Files of the exporters, and the kustomization that everything for Kubernetes hangs on.

``base`` is what every cluster has, a folder for each package; an overlay is how GPUs are read, and
is what is applied; a component is what a cluster may add to one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from exporters.config import Config
from exporters.kubernetes.configuration import ExporterConfiguration, exporter_configuration
from exporters.kubernetes.gpus import (
    GPU,
    HOST_ENGINE_PORT,
    gpu_daemon_set,
    host_dcgm_patch,
    kernel_log_patch,
)
from exporters.kubernetes.monitors import pod_monitor, service_monitor
from exporters.kubernetes.names import CONFIG_NAME, NAME, PART_OF, SOURCES_SECRET, TOPOLOGY_NAME
from exporters.kubernetes.policies import disruption_budget, network_policy, service_account
from exporters.kubernetes.settings import NAMESPACE
from exporters.kubernetes.text import Manifest, kustomization, to_text
from exporters.kubernetes.tools_otlp import (
    TOOLS,
    otlp_deployment,
    otlp_network_policy,
    otlp_service,
)
from exporters.kubernetes.workloads import deployment, service, singletons

FOLDER = "kubernetes"
BASE = f"{FOLDER}/base"
PARTS = ("exporters", "alerts", "dashboards")
"""Folders of the base, each of its package."""
OF_PAGES, ON_NODES, ON_NODES_PRIVILEGED = "dcgm-exporter", "gpu-nodes", "gpu-nodes-privileged"
NO_GPUS = "no-gpus"
KERNEL_LOG, HOST_DCGM, TOOLS_OTLP = "kernel-log", "host-dcgm", "tools-otlp"
KUSTOMIZATION, NAMESPACE_FILE, GPU_FILE = "kustomization.yaml", "namespace.yaml", "gpu.yaml"
_COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}

OVERLAYS: Mapping[str, str] = {
    OF_PAGES: "GPUs are read from dcgm-exporters' pages, which the topology names.",
    ON_NODES: "GPUs are read on each node by NVML, without privileges.",
    ON_NODES_PRIVILEGED: "The same, and XIDs from the kernel's log, as privileged root.",
    NO_GPUS: "GPUs are read by no exporter of ours.",
}


class Form(Protocol):
    """What is said of how rules, and so monitors, are written."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Those by which the operator selects objects."""


def build(config: Config, form: Form) -> dict[str, str]:
    """Return the exporters' part of the base, overlays and components: text by path.

    Raises:
        InputError: if the topology cannot be given to pods.
    """
    read = exporter_configuration(config, SOURCES_SECRET)
    files = _base(config, read, form.labels)
    for name, content in _overlays(config, read, form.labels).items():
        folder = f"{FOLDER}/overlays/{name}"
        files |= {f"{folder}/{file}": objects for file, objects in content.items()}
    for name, content in _components(config, read, form.labels).items():
        folder = f"{FOLDER}/components/{name}"
        files |= {f"{folder}/{file}": objects for file, objects in content.items()}
    sources = config.generated_from
    texts = {path: to_text(objects, sources) for path, objects in files.items()}
    if read.topology_name:
        texts[f"{BASE}/exporters/{read.topology_name}"] = read.topology_text
    return texts


def _base(
    config: Config, read: ExporterConfiguration, labels: Mapping[str, str]
) -> dict[str, Sequence[Manifest]]:
    folder = f"{BASE}/exporters"
    running = singletons(config)
    files: dict[str, Sequence[Manifest]] = {
        "account.yaml": [service_account()],
        "disruption.yaml": [disruption_budget()],
        **{f"{name}.yaml": _objects(name, config, read, labels) for name in running},
    }
    maps: list[dict[str, Any]] = [{"name": CONFIG_NAME, "files": ["shardwatch.yaml"]}]
    if read.topology_name:
        # Exporters follow a changed topology: its pods need no new name, and no restart.
        unchanged = {"options": {"disableNameSuffixHash": True}}
        maps.append({"name": TOPOLOGY_NAME, "files": [read.topology_name], **unchanged})
    whole = {
        **files,
        "shardwatch.yaml": [read.content],
        KUSTOMIZATION: [
            kustomization(
                resources=sorted(files),
                configMapGenerator=maps,
                generatorOptions={"labels": {PART_OF: NAME}},
            )
        ],
    }
    base = {f"{folder}/{name}": objects for name, objects in whole.items()}
    # By which all of it can be found again, and removed.
    labelled = kustomization(resources=list(PARTS), labels=[{"pairs": {PART_OF: NAME}}])
    return {f"{BASE}/{KUSTOMIZATION}": [labelled], **base}


def _overlays(
    config: Config, read: ExporterConfiguration, labels: Mapping[str, str]
) -> dict[str, dict[str, Sequence[Manifest]]]:
    on_node = [
        gpu_daemon_set(config, read),
        network_policy(GPU, config, (HOST_ENGINE_PORT,), is_on_node=True),
        pod_monitor(GPU, config, labels),
    ]
    namespace = config.file.kubernetes.namespace
    return {
        OF_PAGES: _overlay(namespace, "restricted", _objects(GPU, config, read, labels)),
        NO_GPUS: _overlay(namespace, "restricted", []),
        ON_NODES: _overlay(namespace, "privileged", on_node),
        ON_NODES_PRIVILEGED: {
            KUSTOMIZATION: [kustomization(
                resources=[f"../{ON_NODES}"], components=[f"../../components/{KERNEL_LOG}"],
            )],
        },
    }  # fmt: skip


def _components(
    config: Config, read: ExporterConfiguration, labels: Mapping[str, str]
) -> dict[str, dict[str, Sequence[Manifest]]]:
    patches = {KERNEL_LOG: kernel_log_patch(), HOST_DCGM: host_dcgm_patch()}
    found: dict[str, dict[str, Sequence[Manifest]]] = {
        name: {
            KUSTOMIZATION: [{**_COMPONENT, "patches": [{"path": "patch.yaml"}]}],
            "patch.yaml": [patch],
        }
        for name, patch in patches.items()
    }
    if TOOLS not in singletons(config):  # else it reads gateways, and is in the base
        found[TOOLS_OTLP] = {
            KUSTOMIZATION: [{**_COMPONENT, "resources": ["tools.yaml"]}],
            "tools.yaml": [
                otlp_deployment(config, read),
                otlp_service(),
                otlp_network_policy(config),
                service_monitor(TOOLS, config, labels),
            ],
        }
    return found


def _overlay(
    namespace: str, security: str, gpus: Sequence[Manifest]
) -> dict[str, Sequence[Manifest]]:
    """Return an overlay; a namespace of its own admits no pod with more rights than ours have.

    A namespace that others use as well is theirs: it is named, and neither changed nor deleted.
    """
    files: dict[str, Sequence[Manifest]] = {GPU_FILE: gpus} if gpus else {}
    if namespace == NAMESPACE:
        level = {"pod-security.kubernetes.io/enforce": security}
        metadata = {"name": namespace, "labels": {PART_OF: NAME, **level}}
        files[NAMESPACE_FILE] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}]
    resources = ["../../base", *sorted(files)]
    return {KUSTOMIZATION: [kustomization(namespace=namespace, resources=resources)], **files}


def _objects(
    exporter: str, config: Config, read: ExporterConfiguration, labels: Mapping[str, str]
) -> Sequence[Manifest]:
    """Return the objects of an exporter of which there is one."""
    return [
        deployment(exporter, config, read),
        service(exporter),
        network_policy(exporter, config),
        service_monitor(exporter, config, labels),
    ]
