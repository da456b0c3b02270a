"""GPM: activity of a GPU's parts, as means over the time between two samples. Hopper and later.

Also what goes over PCIe: the counters of bytes that NVML gives by field number have 32 bits on an
H200 (driver 580.159.04), and go round within 80 ms of copying.
"""

from __future__ import annotations

import time
from math import isfinite
from typing import Any

import pynvml as nvml

SHORTEST_SECONDS = 0.5
"""Below, a mean says more about the sample than about the GPU."""
LONGEST_SECONDS = 600.0
"""Above, it says nothing of now; counters may have gone round."""

_MIB = 1024.0**2
_RATIOS = {
    nvml.NVML_GPM_METRIC_GRAPHICS_UTIL: "graphics_active_ratio",
    nvml.NVML_GPM_METRIC_SM_UTIL: "sm_active_ratio",
    nvml.NVML_GPM_METRIC_SM_OCCUPANCY: "sm_occupancy_ratio",
    nvml.NVML_GPM_METRIC_ANY_TENSOR_UTIL: "tensor_active_ratio",
    nvml.NVML_GPM_METRIC_DRAM_BW_UTIL: "memory_active_ratio",
}
"""In percent (nvml.h, ``NVML_GPM_METRIC_...``)."""
_RATES = {
    nvml.NVML_GPM_METRIC_PCIE_TX_PER_SEC: "pcie_sent_bytes_per_second",
    nvml.NVML_GPM_METRIC_PCIE_RX_PER_SEC: "pcie_received_bytes_per_second",
}
"""In MiB a second; ``TX`` is what the GPU sends, such as copies to the host."""
_METRICS = {**_RATIOS, **_RATES}


class Gpm:
    """Samples one GPU."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._before: Any = None
        self._spare: Any = None
        self._taken_at = 0.0
        self._means: dict[str, float] = {}
        self._is_supported = False
        try:
            support = nvml.nvmlGpmQueryDeviceSupport(handle)
            self._is_supported = bool(support.isSupportedDevice)
        except nvml.NVMLError:
            pass  # an older driver or GPU

    def read(self) -> dict[str, float]:
        """Return means since the last sample; nothing at the first, or where there is no GPM."""
        if not self._is_supported:
            return {}
        now = time.monotonic()
        if self._before is not None and now - self._taken_at < SHORTEST_SECONDS:
            return self._means
        try:
            sample = self._spare if self._spare is not None else nvml.nvmlGpmSampleAlloc()
            self._spare = None
            nvml.nvmlGpmSampleGet(self._handle, sample)
            self._means = self._compare(sample, now)
        except nvml.NVMLError as error:
            if error.value == nvml.NVML_ERROR_GPU_IS_LOST:
                raise
            return {}
        self._before, self._spare, self._taken_at = sample, self._before, now
        return self._means

    def _compare(self, sample: Any, now: float) -> dict[str, float]:
        if self._before is None or now - self._taken_at > LONGEST_SECONDS:
            return {}
        asked = nvml.c_nvmlGpmMetricsGet_t()
        asked.version = nvml.NVML_GPM_METRICS_GET_VERSION
        asked.numMetrics = len(_METRICS)
        asked.sample1, asked.sample2 = self._before, sample
        for index, metric in enumerate(_METRICS):
            asked.metrics[index].metricId = metric
        nvml.nvmlGpmMetricsGet(asked)
        return {
            name: each.value / 100 if metric in _RATIOS else each.value * _MIB
            for (metric, name), each in zip(_METRICS.items(), asked.metrics, strict=False)
            if each.nvmlReturn == nvml.NVML_SUCCESS and isfinite(each.value)
        }
