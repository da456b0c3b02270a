"""What reads the GPUs of a cluster: one exporter of dcgm-exporters' pages, or one on each node.

On each node it calls NVML, which takes the driver's library and devices and no GPU: asked of the
device plugin (``nvidia.com/gpu``), a GPU would be nobody else's. So the container runtime is asked
for all of them (``NVIDIA_VISIBLE_DEVICES=all``, under its runtime class). Where administrators have
closed that way to containers without privileges
(``ACCEPT_NVIDIA_VISIBLE_DEVICES_ENVVAR_WHEN_UNPRIVILEGED=false`` of the toolkit), only the
privileged form is left.

It needs no capability and no root for this. Processes are those of the node (``hostPID``), for a
rank of vLLM is found by its title. The kernel's log is another matter: ``/dev/kmsg`` is a device,
which Kubernetes gives to privileged containers alone, and reading it takes ``CAP_SYSLOG`` where
``kernel.dmesg_restrict`` is set, which only root is given. Without it XIDs come from the driver's
events, and a GPU that leaves the bus without one is told by its loss.

DCGM can be asked beside NVML where its host engine listens on the node and its Python bindings lie
there, which come with NVIDIA's packages alone.
"""

from __future__ import annotations

from typing import Any

from exporters.config import Config
from exporters.gpu.kernel_log import KERNEL_LOG
from exporters.gpu.local.bindings import BINDINGS_PATHS, BINDINGS_VARIABLE, HOST_ENGINE
from exporters.kubernetes.configuration import ExporterConfiguration
from exporters.kubernetes.names import labels_of, name_of, port_of, selector_of
from exporters.kubernetes.pods import pod_spec, pod_template
from exporters.kubernetes.sizing import LOCAL_GPU, resources
from exporters.kubernetes.text import Manifest

GPU = "gpu"
NODE_VARIABLE, ADDRESS_VARIABLE = "NODE_NAME", "NODE_ADDRESS"
HOST_ENGINE_PORT = int(HOST_ENGINE[1].rpartition(":")[2])
_BINDINGS = str(BINDINGS_PATHS[0])


def gpu_daemon_set(config: Config, read: ExporterConfiguration) -> Manifest:
    """Return the DaemonSet that reads the GPUs of each node, without privileges."""
    settings = config.file.kubernetes
    local = ("--local", f"$({NODE_VARIABLE})")
    spec = pod_spec(GPU, config, read, resources(LOCAL_GPU, 0), local)
    (container,) = spec["containers"]
    container["env"] = [
        {"name": NODE_VARIABLE, "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"},
        {"name": "NVIDIA_DRIVER_CAPABILITIES", "value": "utility"},
    ]
    # The topology's address of a host's page is that of the node.
    container["ports"][0]["hostPort"] = port_of(GPU)
    spec |= {
        "hostPID": True,
        "nodeSelector": {"kubernetes.io/os": "linux", **settings.gpu_nodes},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    }
    if settings.runtime_class:
        spec["runtimeClassName"] = settings.runtime_class
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name_of(GPU), "labels": labels_of(GPU)},
        "spec": {
            "selector": {"matchLabels": selector_of(GPU)},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
            "template": pod_template(GPU, spec),
        },
    }


def kernel_log_patch() -> Manifest:
    """Return what the DaemonSet becomes in order to read the kernel's log: root, and privileged."""
    container = {
        "name": GPU,
        "securityContext": {
            "privileged": True,
            "allowPrivilegeEscalation": True,
            "runAsNonRoot": False,
            "runAsUser": 0,
            "capabilities": {"add": ["SYSLOG"], "drop": None},
        },
        "volumeMounts": [{"name": "kernel-log", "mountPath": str(KERNEL_LOG), "readOnly": True}],
    }
    volume = {"name": "kernel-log", "hostPath": {"path": str(KERNEL_LOG), "type": "CharDevice"}}
    return _patch(container, volume)


def host_dcgm_patch() -> Manifest:
    """Return what the DaemonSet becomes in order to ask the DCGM of its node."""
    container = {
        "name": GPU,
        "env": [
            {"name": ADDRESS_VARIABLE, "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
            {"name": HOST_ENGINE[0], "value": f"$({ADDRESS_VARIABLE}):{HOST_ENGINE_PORT}"},
            {"name": BINDINGS_VARIABLE, "value": _BINDINGS},
        ],
        "volumeMounts": [{"name": "dcgm", "mountPath": _BINDINGS, "readOnly": True}],
    }
    volume = {"name": "dcgm", "hostPath": {"path": _BINDINGS, "type": "Directory"}}
    return _patch(container, volume)


def _patch(container: dict[str, Any], volume: dict[str, Any]) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name_of(GPU)},
        "spec": {"template": {"spec": {"containers": [container], "volumes": [volume]}}},
    }
