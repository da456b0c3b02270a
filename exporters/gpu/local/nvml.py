"""NVML through nvidia-ml-py: what there is to know of a GPU, in base units. Runs in the child.

Which call gives what, and in which unit: nvml.h; conversions as DCGM does them
(dcgmlib/src/DcgmCacheManager.cpp, DcgmGpmManager.cpp).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pynvml as nvml

from exporters.gpu.local.backend import BackendError, Content, TellXid
from exporters.gpu.local.gpm import Gpm
from exporters.gpu.local.nvml_events import watch_events
from exporters.gpu.local.nvml_fields import read_fields
from exporters.gpu.local.ranks import ranks_of
from exporters.gpu.readings import FABRIC_HEALTH, FABRIC_STATES

Handle = Any
Result = TypeVar("Result")

_GONE = (nvml.NVML_ERROR_UNINITIALIZED, nvml.NVML_ERROR_DRIVER_NOT_LOADED)
"""The library has to be loaded anew: in another child."""
_NOT_HERE = (nvml.NVML_ERROR_NOT_FOUND, nvml.NVML_ERROR_GPU_NOT_FOUND)
_TROUBLE = {nvml.NVML_ERROR_GPU_IS_LOST: "lost", nvml.NVML_ERROR_TIMEOUT: "unresponsive"}


class _TroubleError(Exception):
    """The GPU cannot be read at all; the argument says why (``readings.Trouble``)."""


class Nvml:
    """A :class:`~exporters.gpu.local.backend.Backend`."""

    def __init__(self) -> None:
        self._handles: dict[str, Handle] = {}
        self._static: dict[str, dict[str, Any]] = {}
        self._gpm: dict[str, Gpm] = {}
        self._driver = ""

    def open(self) -> str:
        """Load the driver's library; return the driver's version."""
        try:
            nvml.nvmlInit()
            self._driver = str(nvml.nvmlSystemGetDriverVersion())
        except nvml.NVMLError as error:
            raise BackendError("nvml", str(error)) from None
        return self._driver

    def watch(self, uuids: list[str], tell: TellXid) -> None:
        """Tell of XIDs, in a thread."""
        watch_events(uuids, tell)

    def find(self) -> list[str]:
        """Return the GPUs that the driver has, but for those that are lost."""
        found = map(_uuid_at, range(ask(nvml.nvmlDeviceGetCount) or 0))
        return [uuid for uuid in found if uuid]

    def read(self, uuid: str, pci: str | None) -> Content:
        """Return the fields of a reading, or the trouble."""
        try:
            handle = self._find(uuid, pci)
            return self._read(uuid, handle)
        except _TroubleError as trouble:
            self._forget(uuid)
            return {"trouble": str(trouble)}
        except nvml.NVMLError as error:
            self._forget(uuid)
            return {"trouble": _trouble_of(error)}

    def _find(self, uuid: str, pci: str | None) -> Handle:
        """Return a handle: by UUID, for indices shift when a GPU is lost; else by its place."""
        if uuid in self._handles:
            return self._handles[uuid]
        try:
            handle = nvml.nvmlDeviceGetHandleByUUID(uuid)
        except nvml.NVMLError as error:
            if pci is None or error.value not in (*_NOT_HERE, nvml.NVML_ERROR_UNKNOWN):
                raise _TroubleError(_trouble_of(error)) from None
            handle = self._find_at(pci, uuid)
        self._handles[uuid] = handle
        return handle

    def _find_at(self, pci: str, uuid: str) -> Handle:
        try:
            handle = nvml.nvmlDeviceGetHandleByPciBusId(pci)
            found = nvml.nvmlDeviceGetUUID(handle)
        except nvml.NVMLError as error:
            raise _TroubleError(_trouble_of(error)) from None
        if found != uuid:
            raise _TroubleError("missing")  # another one was put there
        return handle

    def _forget(self, uuid: str) -> None:
        self._handles.pop(uuid, None)
        self._static.pop(uuid, None)
        self._gpm.pop(uuid, None)

    def _read(self, uuid: str, handle: Handle) -> Content:
        if uuid not in self._static:
            self._static[uuid] = {"driver_version": self._driver, **_read_static(handle)}
            self._gpm[uuid] = Gpm(handle)
        content: dict[str, Any] = {**self._static[uuid]}
        content.update({name: value for name, value in _read_moving(handle) if value is not None})
        content.update(read_fields(handle))
        content.update(self._gpm[uuid].read())
        return content


def ask(call: Callable[..., Result], *arguments: Any) -> Result | None:
    """Return what a call gives; None if this GPU, driver or user does not get it.

    Raises:
        _TroubleError: if the GPU is lost.
        BackendError: if the library is to be loaded anew.
    """
    try:
        return call(*arguments)
    except nvml.NVMLError as error:
        if error.value in _GONE:
            raise BackendError("nvml", str(error)) from None
        if error.value in _TROUBLE:
            raise _TroubleError(_TROUBLE[error.value]) from None
        return None


def _uuid_at(index: int) -> str | None:
    try:
        handle = ask(nvml.nvmlDeviceGetHandleByIndex, index)
        return ask(nvml.nvmlDeviceGetUUID, handle) if handle else None
    except _TroubleError:
        return None


def _trouble_of(error: nvml.NVMLError) -> str:
    if error.value in _GONE:
        raise BackendError("nvml", str(error))
    return _TROUBLE.get(error.value, "missing")


def _read_static(handle: Handle) -> dict[str, Any]:
    pci = ask(nvml.nvmlDeviceGetPciInfo, handle)
    found = {
        "pci_bus_id": pci.busId if pci else None,
        "model_name": ask(nvml.nvmlDeviceGetName, handle),
        "index": ask(nvml.nvmlDeviceGetIndex, handle),
        "pcie_generation_max": ask(nvml.nvmlDeviceGetMaxPcieLinkGeneration, handle),
        "pcie_width_max": ask(nvml.nvmlDeviceGetMaxPcieLinkWidth, handle),
    }
    return {name: value for name, value in found.items() if value is not None}


def _read_moving(handle: Handle) -> Iterator[tuple[str, Any]]:
    celsius = ask(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU)
    yield "temperature_celsius", celsius
    yield "power_watts", _times(ask(nvml.nvmlDeviceGetPowerUsage, handle), 1e-3)
    yield "power_limit_watts", _times(ask(nvml.nvmlDeviceGetEnforcedPowerLimit, handle), 1e-3)
    for name, clock in (
        ("sm_clock_hertz", nvml.NVML_CLOCK_SM),
        ("memory_clock_hertz", nvml.NVML_CLOCK_MEM),
    ):
        yield name, _times(ask(nvml.nvmlDeviceGetClockInfo, handle, clock), 1e6)
    if rates := ask(nvml.nvmlDeviceGetUtilizationRates, handle):
        yield "utilization_ratio", rates.gpu / 100
        yield "copy_utilization_ratio", rates.memory / 100
    if encoder := ask(nvml.nvmlDeviceGetEncoderUtilization, handle):
        yield "encoder_utilization_ratio", encoder[0] / 100
    if decoder := ask(nvml.nvmlDeviceGetDecoderUtilization, handle):
        yield "decoder_utilization_ratio", decoder[0] / 100
    if memory := ask(nvml.nvmlDeviceGetMemoryInfo, handle, nvml.nvmlMemory_v2):
        yield "memory_used_bytes", memory.used
        yield "memory_free_bytes", memory.free
        yield "memory_reserved_bytes", memory.reserved
    for name, kind in (
        ("ecc_corrected_errors", nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED),
        ("ecc_uncorrected_errors", nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED),
    ):
        yield name, ask(nvml.nvmlDeviceGetTotalEccErrors, handle, kind, nvml.NVML_VOLATILE_ECC)
    if rows := ask(nvml.nvmlDeviceGetRemappedRows, handle):
        yield "remapped_rows_correctable", rows[0]
        yield "remapped_rows_uncorrectable", rows[1]
        yield "row_remap_pending", rows[2]
        yield "row_remap_failure", rows[3]
    yield "clock_events", ask(nvml.nvmlDeviceGetCurrentClocksEventReasons, handle)
    yield "pcie_generation", ask(nvml.nvmlDeviceGetCurrPcieLinkGeneration, handle)
    yield "pcie_width", ask(nvml.nvmlDeviceGetCurrPcieLinkWidth, handle)
    if fabric := _read_fabric(handle):
        yield "fabric_state", _word(FABRIC_STATES, fabric.state)
        yield "fabric_health", _word(FABRIC_HEALTH, getattr(fabric, "healthSummary", 0))
    processes = ask(nvml.nvmlDeviceGetComputeRunningProcesses, handle)
    if processes is not None:
        yield "processes", len(processes)
        yield "ranks", ranks_of([process.pid for process in processes])
    mode = ask(nvml.nvmlDeviceGetMigMode, handle)
    if mode and mode[0]:
        yield "mig", list(_read_mig(handle))


def _read_fabric(handle: Handle) -> Any:
    for make in (nvml.c_nvmlGpuFabricInfo_v3_t, nvml.c_nvmlGpuFabricInfo_v2_t):
        fabric = make()
        if ask(nvml.nvmlDeviceGetGpuFabricInfoV, handle, ctypes.byref(fabric)) is not None:
            return fabric
    return None


def _read_mig(handle: Handle) -> Iterator[dict[str, Any]]:
    for index in range(ask(nvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0):
        part = ask(nvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, index)
        attributes = ask(nvml.nvmlDeviceGetAttributes_v2, part) if part else None
        if not part or not attributes:
            continue
        gigabytes = round(attributes.memorySizeMB / 1024)
        yield {
            "gpu_instance": ask(nvml.nvmlDeviceGetGpuInstanceId, part) or 0,
            "compute_instance": ask(nvml.nvmlDeviceGetComputeInstanceId, part) or 0,
            "profile": f"{attributes.gpuInstanceSliceCount}g.{gigabytes}gb",
            "uuid": ask(nvml.nvmlDeviceGetUUID, part) or "",
        }


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor if factor >= 1 else value / (1 / factor)


def _word(words: tuple[str, ...], number: int) -> str | None:
    return words[number] if 0 <= number < len(words) else None
