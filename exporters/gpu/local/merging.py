"""One reading of a GPU out of two libraries'. Pure."""

from __future__ import annotations

from exporters.gpu.readings import Reading

_OF_A_SOURCE = ("trouble", "age_seconds", "xids", "xid_bursts")


def merge(nvml: Reading, dcgm: Reading) -> Reading:
    """Return what NVML says, and of what it does not say what DCGM does.

    NVML is asked each time and DCGM watches by itself: it may have values of a GPU that was just
    lost. So what NVML says of a GPU's loss or silence counts; that there is no such GPU only means
    that none is shown to us.
    """
    if dcgm.trouble or nvml.trouble in ("lost", "unresponsive"):
        return nvml
    if nvml.trouble:
        return dcgm
    fields = {
        name: getattr(nvml if getattr(nvml, name) not in (None, ()) else dcgm, name)
        for name in Reading.__slots__
        if name not in _OF_A_SOURCE
    }
    return Reading(age_seconds=nvml.age_seconds, **fields)
