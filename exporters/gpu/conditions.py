"""Which conditions a GPU that answers is in, besides its XIDs. Pure: readings in, reasons out.

What needs time (a slow-down for minutes, a counter that grows) needs a memory; it is plain data
that the caller keeps from one look to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from exporters.gpu.readings import CLOCK_EVENTS, RECOVERY_ACTIONS, Reading
from exporters.gpu.taxonomy import MINUTE

SLOWED_NOW_SECONDS = 4.0
"""A slow-down that two looks so far apart see is one, though nobody is woken yet."""
SLOWED_SECONDS = 5 * MINUTE
SW_THERMAL_SECONDS = 30 * MINUTE
FABRIC_SECONDS = 2 * MINUTE
PCIE_SECONDS = 5 * MINUTE
STUCK_SECONDS = 5 * MINUTE

BUSY_RATIO = 0.1
"""Utilisation above which a PCIe link has no reason to be slow."""
FULL_RATIO = 0.99
RESTING_POWER_RATIO = 0.2
"""Of the limit. An H200 rests at 0.11 of its 700 W, at 0.17 with a process on it, and waits in a
collective at 0.28; a kernel that polls memory for ever takes 0.17 on one multiprocessor of an H100
and 0.19 on all of it or of an H200 (driver 580.159.04; ``tests/exporters/gpu/fixtures``)."""
IDLE_MEMORY_RATIO = 0.005

MOST_REPLAYS_PER_MINUTE = 8.0
"""DCGM: DCGM_FR_PCI_REPLAY_RATE."""
MOST_CRC_PER_SECOND = 100.0
"""DCGM: DCGM_LIMIT_MAX_NVLINK_CRC_ERROR; of other errors of links one is too much."""
GROWTH_LASTS_SECONDS = 10 * MINUTE
"""How long a counter that grew too fast counts."""

_SLOWED = {
    "hw_thermal": SLOWED_SECONDS,
    "hw_power_brake": SLOWED_SECONDS,
    "sw_thermal": SW_THERMAL_SECONDS,
}
_BITS = {name: bit for bit, name in CLOCK_EVENTS.items()}
_RECOVERY = {
    "none": "",
    "node_reboot": "recovery_reboot",
    "system_reboot": "recovery_reboot",
    "drain_p2p": "recovery_drain",
    "drain_and_reset": "recovery_drain",
}
"""Actions that are not here ask for a reset."""


@dataclass(frozen=True)
class Memory:
    """What later looks need to know of earlier ones. Times are of the caller's monotonic clock."""

    since: Mapping[str, float] = field(default_factory=dict)
    """When a condition began that has held at every look since."""
    marks: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """A counter's time and value to compare with."""
    grew_at: Mapping[str, float] = field(default_factory=dict)
    """When a counter was last seen to grow too fast."""

    def without_streaks(self) -> Memory:
        """Return the memory after a look that saw nothing: what held till then may have ended."""
        return Memory({}, self.marks, self.grew_at)


def find_conditions(reading: Reading, memory: Memory, now: float) -> tuple[tuple[str, ...], Memory]:
    """Return the reasons that hold (``taxonomy.ROWS``), and what to remember."""
    holding = {reason: memory.since.get(reason, now) for reason, _ in _streaks(reading)}
    lasting = [reason for reason, seconds in _streaks(reading) if now - holding[reason] >= seconds]
    marks, grew_at = dict(memory.marks), dict(memory.grew_at)
    for counter, reason, value, per_second, window_seconds in _counters(reading):
        when, base = marks.setdefault(counter, (now, value))
        if value < base:
            # The driver was loaded anew, or the GPU reset: what grew before is repaired.
            grew_at.pop(counter, None)
            marks[counter] = (now, value)
        elif now - when >= window_seconds:
            if value - base > per_second * (now - when):
                grew_at[counter] = now
            marks[counter] = (now, value)
        if counter in grew_at and (
            reason == "ecc_uncorrected" or now - grew_at[counter] < GROWTH_LASTS_SECONDS
        ):
            lasting.append(reason)
    found = dict.fromkeys([*_at_once(reading), *lasting])
    return tuple(found), Memory(holding, marks, grew_at)


def slowed_now(memory: Memory, now: float) -> tuple[str, ...]:
    """Return the slow-downs that hold, be it that they have not lasted long enough to be reasons.

    Args:
        memory: of the last look.
        now: its time.
    """
    return tuple(
        reason
        for reason in _SLOWED
        if reason in memory.since and now - memory.since[reason] >= SLOWED_NOW_SECONDS
    )


def _at_once(reading: Reading) -> Iterator[str]:
    if reading.row_remap_failure:
        yield "row_remap_failure"
    if reading.row_remap_pending:
        yield "row_remap_pending"
    if reading.recovery_action is not None:
        reason = _RECOVERY.get(RECOVERY_ACTIONS[reading.recovery_action], "recovery_reset")
        if reason:
            yield reason


def _streaks(reading: Reading) -> Iterator[tuple[str, float]]:
    """Yield what holds now, and how long it has to hold to count, in seconds."""
    if reading.clock_events is not None:
        for reason, seconds in _SLOWED.items():
            if reading.clock_events & _BITS[reason]:
                yield reason, seconds
    if reading.fabric_state in ("not_started", "in_progress", "failed") or (
        reading.fabric_health == "unhealthy"
    ):
        yield "fabric", FABRIC_SECONDS
    if (reading.utilization_ratio or 0.0) > BUSY_RATIO and (
        _is_below(reading.pcie_generation, reading.pcie_generation_max)
        or _is_below(reading.pcie_width, reading.pcie_width_max)
    ):
        yield "pcie", PCIE_SECONDS
    if _is_full_at_rest(reading) and reading.processes is not None:
        if reading.processes == 0:
            yield "utilization_latch", STUCK_SECONDS
        elif (reading.memory_active_ratio or reading.copy_utilization_ratio or 0.0) <= (
            IDLE_MEMORY_RATIO
        ):
            yield "hung_kernel", STUCK_SECONDS


def _counters(reading: Reading) -> Iterator[tuple[str, str, float, float, float]]:
    """Yield name, reason, value, the growth a second that is still good, and over which time."""
    if reading.ecc_uncorrected_errors is not None:
        yield "ecc", "ecc_uncorrected", reading.ecc_uncorrected_errors, 0.0, 0.0
    if reading.pcie_replays is not None:
        per_second = MOST_REPLAYS_PER_MINUTE / MINUTE
        yield "pcie_replays", "pcie", reading.pcie_replays, per_second, MINUTE
    for name, value in (reading.nvlink_errors or {}).items():
        per_second = MOST_CRC_PER_SECOND if name == "crc" else 0.0
        yield f"nvlink_{name}", "nvlink", value, per_second, 1.0


def _is_below(value: float | None, most: float | None) -> bool:
    return value is not None and most is not None and value < most


def _is_full_at_rest(reading: Reading) -> bool:
    if None in (reading.utilization_ratio, reading.power_watts, reading.power_limit_watts):
        return False
    return (reading.utilization_ratio or 0.0) >= FULL_RATIO and (
        reading.power_watts or 0.0
    ) < RESTING_POWER_RATIO * (reading.power_limit_watts or 0.0)
