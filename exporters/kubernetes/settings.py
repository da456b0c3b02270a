"""What ``shardwatch.yaml`` says about Kubernetes."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from exporters.version import VERSION

NAMESPACE = "shardwatch"
IMAGE = f"shardwatch:{VERSION}"
"""What ``Containerfile`` builds, until it lies in a registry of yours."""

ExporterName = Literal["gpu", "groups", "router", "tools", "probe"]
_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def _namespace(text: str) -> str:
    if not _DNS_LABEL.fullmatch(text):
        raise ValueError(
            f"found {text!r}, expected a namespace: small letters, digits and '-', 63 at most"
        )
    return text


class Kubernetes(BaseModel):
    """Of ``shardwatch build --format kubernetes`` alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exporters: list[ExporterName] = ["gpu", "groups", "router", "tools"]
    """Those that run there. Not ``probe`` unless it is said: it is traffic."""
    namespace: Annotated[str, AfterValidator(_namespace)] = NAMESPACE
    image: Annotated[str, Field(pattern=r"^[!-~]+$")] = IMAGE
    """Of every exporter, with its tag or digest."""
    gpu_nodes: dict[str, str] = {"nvidia.com/gpu.present": "true"}
    """Labels of the nodes that have GPUs: those of NVIDIA's GPU feature discovery."""
    runtime_class: str | None = "nvidia"
    """Under which a container is given the driver's libraries: that of NVIDIA's GPU operator. None
    where the nodes' default runtime does it."""
