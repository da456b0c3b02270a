"""Conditions, row by row, each with what keeps it from crying wolf."""

import pytest

from exporters.gpu.conditions import Memory, find_conditions
from exporters.gpu.readings import Reading


def conditions(*looks: tuple[float, dict]) -> list[tuple[str, ...]]:
    """Return what holds after each of some looks: a time in seconds, and fields of a reading."""
    memory, found = Memory(), []
    for now, fields in looks:
        holding, memory = find_conditions(Reading(**fields), memory, now)
        found.append(holding)
    return found


def throughout(seconds, every=30.0, **fields: object) -> list[tuple[float, dict]]:
    """Looks that all see the same, for some time."""
    return [(every * look, fields) for look in range(int(seconds / every) + 1)]


AT_ONCE = {
    "nothing": ({"temperature_celsius": 40.0}, ()),
    "a failed remapping": ({"row_remap_failure": 1.0}, ("row_remap_failure",)),
    "a pending remapping": ({"row_remap_pending": 1.0}, ("row_remap_pending",)),
    "the driver asks for nothing": ({"recovery_action": 0}, ()),
    "the driver asks for a reset": ({"recovery_action": 1}, ("recovery_reset",)),
    "the driver asks for a reboot of the node": ({"recovery_action": 2}, ("recovery_reboot",)),
    "the driver asks to drain P2P": ({"recovery_action": 3}, ("recovery_drain",)),
    "the driver asks to drain and reset": ({"recovery_action": 4}, ("recovery_drain",)),
    "the driver asks for the fabric's domain": ({"recovery_action": 5}, ("recovery_reset",)),
    "the driver asks for a reset of the bus": ({"recovery_action": 6}, ("recovery_reset",)),
    "the driver asks for a reboot of the system": ({"recovery_action": 7}, ("recovery_reboot",)),
    "full memory, which vLLM wants": ({"memory_used_bytes": 1e11, "memory_free_bytes": 0.0}, ()),
    "errors of before we looked": (
        {"ecc_uncorrected_errors": 7.0, "pcie_replays": 1e6, "nvlink_errors": {"crc": 1e9}}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), AT_ONCE.values(), ids=AT_ONCE.keys())
def test_the_first_look_knows(fields, expected):
    """What needs no time."""
    assert conditions((0.0, fields)) == [expected]


BUSY = {"utilization_ratio": 0.9}
STUCK = {
    "utilization_ratio": 1.0, "power_watts": 100.0, "power_limit_watts": 700.0, "processes": 1,
}  # fmt: skip
LASTING = {
    "hardware slows for heat": ({"clock_events": 0x40}, 300, "hw_thermal"),
    "the power brake": ({"clock_events": 0x80}, 300, "hw_power_brake"),
    "software slows for heat": ({"clock_events": 0x20}, 1800, "sw_thermal"),
    "a fabric that does not start": ({"fabric_state": "not_started"}, 120, "fabric"),
    "a fabric that does not get ready": ({"fabric_state": "in_progress"}, 120, "fabric"),
    "a fabric that failed": ({"fabric_state": "failed"}, 120, "fabric"),
    "an unhealthy fabric": (
        {"fabric_state": "completed", "fabric_health": "unhealthy"}, 120, "fabric"),
    "a narrow link at work": ({**BUSY, "pcie_width": 8.0, "pcie_width_max": 16.0}, 300, "pcie"),
    "a slow link at work": (
        {**BUSY, "pcie_generation": 3.0, "pcie_generation_max": 5.0}, 300, "pcie"),
    "a kernel that waits for ever": ({**STUCK, "copy_utilization_ratio": 0.0}, 300, "hung_kernel"),
    "a counter that is stuck": ({**STUCK, "processes": 0}, 300, "utilization_latch"),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "seconds", "reason"), LASTING.values(), ids=LASTING.keys())
def test_what_may_pass_has_to_last(fields, seconds, reason):
    """Not a look earlier; and one look without it begins anew."""
    looks = throughout(seconds, **fields)
    found = conditions(*looks, (seconds + 30.0, {}), (seconds + 60.0, fields))
    assert found[-3:] == [(reason,), (), ()]
    assert set(found[:-3]) == {()}


USUAL = {
    "the software's power cap, under load": {"clock_events": 0x04},
    "an idle GPU's clocks": {"clock_events": 0x01},
    "a GPU without a fabric": {"fabric_state": "not_supported", "fabric_health": "not_supported"},
    "a fabric that works": {"fabric_state": "completed", "fabric_health": "healthy"},
    "a slow link at rest": {
        "utilization_ratio": 0.0, "pcie_generation": 1.0, "pcie_generation_max": 5.0},
    "a wait in a collective": {**STUCK, "power_watts": 195.0, "copy_utilization_ratio": 0.0},
    "weights that are loaded": {**STUCK, "copy_utilization_ratio": 0.1},
    "memory at work, says GPM": {
        **STUCK, "copy_utilization_ratio": 0.0, "memory_active_ratio": 0.02},
    "a source that knows no processes": {**STUCK, "processes": None},
    "a source that knows no limit": {**STUCK, "power_limit_watts": None},
}  # fmt: skip


@pytest.mark.parametrize("fields", USUAL.values(), ids=USUAL.keys())
def test_what_is_usual_is_no_condition_however_long(fields):
    """An hour of it."""
    assert set(conditions(*throughout(3600, **fields))) == {()}


def test_uncorrectable_errors_count_from_when_they_grow_until_the_driver_is_loaded_anew():
    """A lifetime's count would never end."""
    counts = [3.0, 3.0, 4.0, 4.0, 0.0, 0.0]
    looks = [(5.0 * i, {"ecc_uncorrected_errors": count}) for i, count in enumerate(counts)]
    bad = ("ecc_uncorrected",)
    assert conditions(*looks) == [(), (), bad, bad, (), ()]


@pytest.mark.parametrize(("per_minute", "expected"), [(8, ()), (9, ("pcie",))])
def test_more_than_eight_replays_a_minute_are_too_many(per_minute, expected):
    """DCGM's limit."""
    looks = [(60.0 * i, {"pcie_replays": 100.0 + per_minute * i}) for i in range(3)]
    assert conditions(*looks)[-1] == expected


def test_a_few_replays_at_once_are_not_many_in_a_minute():
    """Two within a look of 5 s would be 24 a minute, if one looked at that look alone."""
    counts = [0.0, 2.0, 2.0, 4.0, *[4.0] * 9, 8.0, 8.0]
    looks = [(5.0 * look, {"pcie_replays": count}) for look, count in enumerate(counts)]
    assert set(conditions(*looks)) == {()}


def test_two_looks_within_a_second_do_not_make_errors_of_links_many():
    """Two servers may scrape at once: sixty in half a second are not over a hundred in one."""
    looks = [(5.0 * n + half, {"nvlink_errors": {"crc": 60.0 * n + 60.0 * (half > 0)}})
             for n in range(4) for half in (0.0, 0.5)]  # fmt: skip
    assert set(conditions(*looks)) == {()}


@pytest.mark.parametrize(
    ("errors", "expected"),
    [({"crc": 500.0}, ()), ({"crc": 501.0}, ("nvlink",)), ({"replay": 1.0}, ("nvlink",)),
     ({"recovery": 1.0}, ("nvlink",)), ({"replay": 0.0}, ())],
)  # fmt: skip
def test_links_may_have_a_hundred_crc_errors_a_second_and_no_others(errors, expected):
    """DCGM's limits."""
    zero = dict.fromkeys(errors, 0.0)
    looks = [(0.0, {"nvlink_errors": zero}), (5.0, {"nvlink_errors": errors})]
    assert conditions(*looks)[-1] == expected


def test_errors_of_links_are_over_ten_minutes_after_the_last():
    """Else a single one would be for ever."""
    looks = throughout(660, nvlink_errors={"replay": 1.0})
    found = conditions((-30.0, {"nvlink_errors": {"replay": 0.0}}), *looks)
    assert found[1] == ("nvlink",)
    assert found[-1] == ()
