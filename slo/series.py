"""Time series as arrays: what is read from Prometheus, and what is written to it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""The value that says "this series has ended" (Prometheus, model/value): a NaN of its own. It is
told from other NaNs by its bits, which numpy keeps; never by comparison."""


@dataclass(frozen=True, eq=False)
class Series:
    """One series: its labels, ``__name__`` among them, and its samples in time order."""

    labels: Mapping[str, str]
    times_ms: NDArray[np.int64]
    """Milliseconds since 1970, ascending; shape (n,)."""
    values: NDArray[np.float64]
    """Shape (n,); :data:`STALE` ends the series."""

    def __post_init__(self) -> None:
        if self.times_ms.shape != self.values.shape:
            raise ValueError(f"{self.times_ms.shape} times for {self.values.shape} values")
