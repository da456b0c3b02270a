"""A driver's library without a GPU, which real nvidia-ml-py loads, and the file that steers it."""

from __future__ import annotations

import ctypes
import mmap
import shutil
import subprocess
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, Self

SOURCE = Path(__file__).with_name("nvml_shim.c")
LIBRARY = "libnvidia-ml.so.1"
COMPILERS = ("cc", "gcc", "clang")

MOST_GPUS, MOST_EVENTS, LONGEST_TEXT = 16, 256, 96

IDLE: Mapping[str, int] = {
    "celsius": 31,
    "memory_celsius": 38,
    "power_milliwatts": 76_500,
    "limit_milliwatts": 700_000,
    "energy_millijoules": 123_456_789,
    "busy_percent": 0,
    "copy_percent": 0,
    "sm_megahertz": 345,
    "memory_megahertz": 3201,
    "used_bytes": 164_626_432,
    "free_bytes": 149_946_368_000,
    "reserved_bytes": 643_825_664,
    "ecc_corrected": 0,
    "ecc_uncorrected": 0,
    "rows_correctable": 0,
    "rows_uncorrectable": 0,
    "rows_pending": 0,
    "rows_failure": 0,
    "clock_events": 1,
    "sw_power_cap_nanoseconds": 0,
    "sync_boost_nanoseconds": 0,
    "sw_thermal_nanoseconds": 0,
    "hw_thermal_nanoseconds": 0,
    "power_brake_nanoseconds": 0,
    "pcie_generation": 1,
    "pcie_generation_max": 5,
    "pcie_width": 16,
    "pcie_width_max": 16,
    "pcie_replays": 0,
    "pcie_sent_mebibytes_per_second": 3,
    "pcie_received_mebibytes_per_second": 2,
    "nvlink_sent_kibibytes": 1000,
    "nvlink_received_kibibytes": 2000,
    "has_nvlink_5": 0,
    "nvlink_5_sent_bytes": 3000,
    "nvlink_5_received_bytes": 4000,
    "nvlink_crc": 0,
    "nvlink_replays": 0,
    "nvlink_recoveries": 0,
    "fabric_state": 3,
    "fabric_health": 1,
    "recovery_action": 0,
    "process": 0,
    "mig_parts": 0,
    "has_gpm": 1,
    "graphics_permille": 0,
    "sm_permille": 0,
    "occupancy_permille": 0,
    "tensor_permille": 0,
    "memory_permille": 0,
}
"""What an H200 at rest says, in NVML's units; the process is a PID, 0 if none."""


class _State(IntEnum):
    ANSWERS, BLOCKS, LOST, VANISHED, CRASHES = range(5)


class _Gpu(ctypes.Structure):
    _fields_ = (
        ("uuid", ctypes.c_char * LONGEST_TEXT),
        ("pci", ctypes.c_char * LONGEST_TEXT),
        ("name", ctypes.c_char * LONGEST_TEXT),
        ("state", ctypes.c_uint64),
        ("calls", ctypes.c_uint64),
        ("values", ctypes.c_uint64 * len(IDLE)),
    )


class _Event(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint64), ("code", ctypes.c_uint64))


class _Control(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_uint64),
        ("blocks_all", ctypes.c_uint64),
        ("events", ctypes.c_uint64),
        ("event", _Event * MOST_EVENTS),
        ("gpu", _Gpu * MOST_GPUS),
    )


def find_compiler() -> str | None:
    """Return a C compiler; None if this machine has none."""
    return next((found for name in COMPILERS if (found := shutil.which(name))), None)


class NvmlShim:
    """GPUs that do as they are told, within ``with``.

    Args:
        folder: for the library and the control file; empty, or that of another of these.
        gpus: how many.

    Raises:
        RuntimeError: if there is no C compiler, or it fails.
    """

    def __init__(self, folder: Path, gpus: int = 2) -> None:
        self.uuids = [f"GPU-{index:08x}-0000-4000-8000-0123456789ab" for index in range(gpus)]
        self._file = folder / "control"
        self._file.write_bytes(bytes(ctypes.sizeof(_Control)))
        _build(folder)
        self.environment = {"LD_LIBRARY_PATH": str(folder), "SHARDWATCH_SHIM": str(self._file)}
        """What a process needs that is to see these GPUs."""

    def __enter__(self) -> Self:
        with self._file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), 0)
        self._control = _Control.from_buffer(self._map)
        for index, uuid in enumerate(self.uuids):
            gpu = self._control.gpu[index]
            gpu.uuid, gpu.name = uuid.encode(), b"NVIDIA H200"
            gpu.pci = f"00000000:{0x1B + index:02X}:00.0".encode()
            self.set(index, **IDLE)
        self._control.count = len(self.uuids)
        return self

    def __exit__(self, *_: object) -> None:
        for index in range(len(self.uuids)):
            self.answer(index)
        self.unblock_all()
        del self._control
        self._map.close()

    def set(self, gpu: int, **values: int) -> None:
        """Let a GPU say something else, by the names of ``IDLE``."""
        names = list(IDLE)
        for name, value in values.items():
            self._control.gpu[gpu].values[names.index(name)] = value

    def block(self, gpu: int) -> None:
        """Let no call to a GPU come back."""
        self._control.gpu[gpu].state = _State.BLOCKS

    def lose(self, gpu: int) -> None:
        """Let a GPU fall off the bus: GPU_IS_LOST."""
        self._control.gpu[gpu].state = _State.LOST

    def crash(self, gpu: int) -> None:
        """Let whatever process calls a GPU die of it."""
        self._control.gpu[gpu].state = _State.CRASHES

    def remove(self, gpu: int) -> None:
        """Let a GPU be unknown; old handles are lost."""
        self._control.gpu[gpu].state = _State.VANISHED

    def answer(self, gpu: int) -> None:
        """Let a GPU answer again."""
        self._control.gpu[gpu].state = _State.ANSWERS

    def block_all(self) -> None:
        """Let the library not load from now on."""
        self._control.blocks_all = 1

    def unblock_all(self) -> None:
        """Let it load."""
        self._control.blocks_all = 0

    def raise_xid(self, gpu: int, code: int) -> None:
        """Raise an XID, for whoever waits for events of that GPU."""
        number = self._control.events
        self._control.event[number % MOST_EVENTS] = _Event(gpu, code)
        self._control.events = number + 1

    def swap_uuids(self, first: int, second: int) -> None:
        """Let two GPUs have each other's UUID, as if they were put into each other's slot."""
        a, b = self._control.gpu[first], self._control.gpu[second]
        a.uuid, b.uuid = bytes(b.uuid), bytes(a.uuid)

    def replace(self, gpu: int, uuid: str) -> None:
        """Put another GPU into the place of one; the one that was there comes back by its name."""
        self._control.gpu[gpu].uuid = uuid.encode()

    def calls(self, gpu: int) -> int:
        """Return how many calls a GPU has had."""
        return int(self._control.gpu[gpu].calls)


def _build(folder: Path) -> None:
    if (folder / LIBRARY).exists():
        return
    compiler = find_compiler()
    if compiler is None:
        raise RuntimeError(f"there is no C compiler here: none of {', '.join(COMPILERS)}")
    names = ", ".join(f"VALUE_{name.upper()}" for name in IDLE)
    (folder / "nvml_shim_values.h").write_text(
        f"enum {{ {names}, VALUES }};\n"
        f"enum {{ LONGEST_TEXT = {LONGEST_TEXT}, MOST_GPUS = {MOST_GPUS}, "
        f"MOST_EVENTS = {MOST_EVENTS} }};\n",
        encoding="utf-8",
    )
    command: list[Any] = [compiler, "-shared", "-fPIC", "-O1", "-std=gnu11", f"-I{folder}", "-o",
                          folder / LIBRARY, SOURCE]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{compiler} cannot build the shim: {done.stderr}")
