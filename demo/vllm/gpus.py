"""The GPUs that the demo's engines run on, where this Python's vLLM can use any."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from demo.vllm.environment import find_vllm_python


class Nvml(Protocol):
    """What is asked of pynvml (the package nvidia-ml-py)."""

    NVMLError: type[Exception]

    def nvmlInit(self) -> None: ...  # noqa: D102, N802
    def nvmlShutdown(self) -> None: ...  # noqa: D102, N802
    def nvmlDeviceGetCount(self) -> int: ...  # noqa: D102, N802
    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any: ...  # noqa: D102, N802
    def nvmlDeviceGetUUID(self, handle: Any) -> str | bytes: ...  # noqa: D102, N802


@dataclass(frozen=True)
class Gpu:
    """One GPU of this machine."""

    index: int
    """NVML's, which is in the order of the PCI bus."""
    uuid: str


@dataclass(frozen=True)
class Machine:
    """What the servers run on."""

    python: str
    """That has vLLM."""
    gpus: tuple[Gpu, ...] = ()
    """None: the CPUs."""


def find_machine() -> Machine:
    """Return this Python with the GPUs if its vLLM can use them, else the CPUs' environment.

    Raises:
        InputError: there is neither.
    """
    gpus = read_gpus(_nvml()) if can_use_gpus(_vllm_version()) else ()
    return Machine(sys.executable, gpus) if gpus else Machine(str(find_vllm_python()))


def read_gpus(nvml: Nvml | None) -> tuple[Gpu, ...]:
    """Return all GPUs that NVML knows; none where there is no NVML or it does not answer."""
    if nvml is None:
        return ()
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return ()
    try:
        handles = map(nvml.nvmlDeviceGetHandleByIndex, range(nvml.nvmlDeviceGetCount()))
        return tuple(
            Gpu(index, _text(nvml.nvmlDeviceGetUUID(handle)))
            for index, handle in enumerate(handles)
        )
    except nvml.NVMLError:
        return ()
    finally:
        with suppress(nvml.NVMLError):
            nvml.nvmlShutdown()


def can_use_gpus(vllm_version: str | None) -> bool:
    """Tell whether a version of the distribution ``vllm`` is a build for GPUs."""
    return vllm_version is not None and "cpu" not in vllm_version


def share_out(
    gpus: Sequence[Gpu], groups: Sequence[str], ranks: int
) -> Mapping[str, tuple[Gpu, ...]]:
    """Return the GPUs of each group, none in two: so many ranks each, or one if there are too few.

    With fewer GPUs than groups, the last groups are left out.
    """
    each = ranks if len(gpus) >= ranks * len(groups) else 1
    count = min(len(groups), len(gpus) // each)
    return {
        group: tuple(gpus[place * each : (place + 1) * each])
        for place, group in enumerate(groups[:count])
    }


def _text(uuid: str | bytes) -> str:
    return uuid.decode() if isinstance(uuid, bytes) else uuid


def _nvml() -> Nvml | None:
    try:
        module: Any = import_module("pynvml")
    except ImportError:
        return None
    return module  # type: ignore[no-any-return]


def _vllm_version() -> str | None:
    try:
        return version("vllm")
    except PackageNotFoundError:
        return None
