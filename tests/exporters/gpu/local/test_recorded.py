"""What real cards answered, call by call, through the exporter: see ``../fixtures``."""

import json
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from exporters import catalog
from exporters.gpu.core import GpuCore
from exporters.gpu.local import nvml
from exporters.gpu.local.keeper import LocalGpus
from exporters.gpu.local.ranks import ranks_of
from exporters.gpu.readings import GpuReadings, Reading
from exporters.gpu.testing.recording import replaying
from exporters.gpu.verdict import judge
from exporters.sources import Answer, Answers

CARDS = sorted((Path(__file__).parents[1] / "fixtures").glob("*.json"))
MIB, OURS = 1024.0**2, "shardwatch_gpu_"


@pytest.fixture(params=CARDS, ids=lambda path: path.stem)
def card(request):
    """A recording."""
    return json.loads(request.param.read_text())


@pytest.fixture
def read(card, monkeypatch, tmp_path):
    """Reads the card as it was at a moment: the second look, which has means since the first."""
    monkeypatch.setattr("exporters.gpu.local.gpm.SHORTEST_SECONDS", 0.0)
    monkeypatch.setattr(nvml, "ranks_of", partial(ranks_of, proc=tmp_path))

    def read(moment) -> Reading:
        calls = card["moments"][moment]
        for call in calls:
            if call["call"].startswith("nvmlDeviceGetComputeRunningProcesses"):
                _start_workers(tmp_path, call)
        gpus = LocalGpus("h1", [card["uuid"]], kernel_log=None)
        with replaying(calls):
            backend = nvml.Nvml()
            backend.open()
            for _ in range(2):
                gpus._nvml._gpus[card["uuid"]].take(backend.read(card["uuid"], None), monotonic())
        return gpus.read(b"")[card["uuid"]]

    return read


def _start_workers(proc: Path, call) -> None:
    """Let the processes that the driver knew be vLLM's first ranks, as the recorded one was."""
    for rank, process in enumerate(call["gives"][1] if len(call["gives"]) > 1 else []):
        (proc / str(process["pid"])).mkdir(exist_ok=True)
        (proc / str(process["pid"]) / "cmdline").write_bytes(b"VLLM::Worker_TP%d\0\0\0" % rank)


@pytest.mark.parametrize("moment", ["idle", "loaded"])
def test_units_are_those_of_nvidia_smi(card, read, moment):
    """Its own numbers of the same seconds: it had its look some seconds earlier."""
    seen, smi = read(moment), card["nvidia_smi"][moment]
    assert seen.power_limit_watts == smi["current_power_limit_watts"]
    assert seen.memory_clock_hertz == smi["mem_clock_megahertz"] * 1e6
    assert seen.memory_used_bytes == pytest.approx(smi["fb_used_mebibytes"] * MIB, abs=MIB)
    assert seen.memory_free_bytes == pytest.approx(smi["fb_free_mebibytes"] * MIB, abs=MIB)
    assert seen.memory_reserved_bytes == pytest.approx(smi["fb_reserved_mebibytes"] * MIB, abs=MIB)
    assert seen.temperature_celsius == pytest.approx(smi["gpu_temp_celsius"], abs=8)
    assert seen.memory_temperature_celsius == pytest.approx(smi["memory_temp_celsius"], abs=8)
    assert seen.power_watts == pytest.approx(smi["average_power_draw_watts"], rel=0.1)
    assert seen.utilization_ratio == pytest.approx(smi["gpu_util_percent"] / 100, abs=0.02)
    assert seen.copy_utilization_ratio == pytest.approx(smi["memory_util_percent"] / 100, abs=0.02)
    assert seen.clock_event_seconds["sw_power_cap"] == pytest.approx(
        smi["sw_power_cap_microseconds"] / 1e6, abs=6.0
    )
    if moment == "loaded":
        assert seen.sm_clock_hertz == pytest.approx(smi["sm_clock_megahertz"] * 1e6, rel=0.2)


def test_matrix_products_show_as_activity(read):
    """All of it, and most of the tensor cores'; a GPU at rest has none."""
    seen = read("loaded")
    assert seen.sm_active_ratio > 0.9
    assert seen.tensor_active_ratio > 0.9
    assert 0.1 < seen.memory_active_ratio < 0.5
    idle = read("idle")
    assert (idle.graphics_active_ratio, idle.sm_active_ratio, idle.tensor_active_ratio) == (0, 0, 0)


def test_the_power_cap_slows_the_clocks_and_is_no_fault(read):
    """0x4 alone: no cooling, no power supply."""
    seen = read("loaded")
    assert seen.clock_events == 0x4
    assert {name for name, seconds in seen.clock_event_seconds.items() if seconds} == {
        "sw_power_cap"
    }


def test_what_the_card_does_not_have_is_absent(read):
    """A card of a virtual machine without its links: no 0 in their place."""
    seen = read("idle")
    assert (seen.nvlink_sent_bytes, seen.nvlink_received_bytes, seen.nvlink_errors) == (None,) * 3
    assert (seen.fabric_state, seen.fabric_health) == ("not_supported", "not_supported")
    assert (seen.mig, seen.recovery_action) == ((), 0)


def test_the_rank_on_it_is_told(read):
    """By the process that the driver names, and its title."""
    assert read("loaded").ranks == ("TP0",)
    assert read("idle").ranks == ()


STATES = {
    "idle": [("healthy", "none")] * 4,
    "loaded": [("healthy", "none")] * 4,
    "stopped": [("healthy", "none")] * 4,
    "spinning": [("healthy", "none")] * 2 + [("hung", "hung_kernel")] * 2,
}
"""After 0, 4, 6 and 10 minutes of the same: a process that was stopped keeps its memory, and its
GPU is well; a kernel that polls for ever on all multiprocessors is told from work by its power."""


@pytest.mark.parametrize("moment", STATES)
def test_the_verdict_is_right_however_long_it_lasts(card, read, moment):
    """No false reason from what a real card says, and a hung kernel is found."""
    if moment not in card["moments"]:
        pytest.skip("this card was not recorded so")
    reading, verdict, found = read(moment), None, []
    for minute in range(11):
        verdict = judge(reading, verdict, 60.0 * minute)
        if minute in (0, 4, 6, 10):
            found.append((verdict.state, verdict.reason))
    assert found == STATES[moment]


def test_the_page_has_every_family_that_such_a_card_can_have(card, read, make_topology):
    """As a list, so that one which goes missing is seen."""
    reading = read("loaded")
    topology = make_topology(groups=[("eu", "chat", "r1")])
    member = (
        topology.groups[0]
        .members[0]
        .model_copy(update={"host": "h1", "gpus": [card["uuid"]], "telemetry": None})
    )
    group = topology.groups[0].model_copy(update={"members": [member]})
    local = LocalGpus("h1", [card["uuid"]], kernel_log=None)
    core = GpuCore(topology.model_copy(update={"groups": [group]}), local, dcgm_names=True)
    (target,) = core.targets
    page = core.observe(
        Answers({target: Answer("none", GpuReadings({card["uuid"]: reading}))}), 1.0
    )
    served = {name for name, series in page.values.items() if series}
    own = {name.removeprefix(OURS) for name in served if name.startswith(OURS)}
    assert own == {
        "up", "state", "reason", "verdict_info", "sample_age_seconds", "last_xid_code",
        "xid_events_total", "xid_bursts_total", "temperature_celsius", "memory_temperature_celsius",
        "power_watts", "power_limit_watts", "energy_joules_total", "utilization_ratio",
        "graphics_active_ratio", "sm_active_ratio", "sm_occupancy_ratio", "tensor_active_ratio",
        "memory_active_ratio", "sm_clock_hertz", "memory_clock_hertz", "memory_used_bytes",
        "memory_free_bytes", "memory_reserved_bytes", "row_remap_pending", "row_remap_failure",
        "remapped_rows_total", "ecc_errors_total", "clock_event_seconds_total",
        "pcie_replays_total", "pcie_bytes_per_second", "fabric_info", "recovery_action_info",
        "rank_info", "backend_up", "children_started_total", "driver_info", "host_expected_gpus",
        "host_found_gpus", "host_unexpected_gpus",
    }  # fmt: skip
    assert set(catalog.DCGM_FAMILIES) - served == {
        "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", "DCGM_FI_DEV_VGPU_LICENSE_STATUS"
    }  # fmt: skip
