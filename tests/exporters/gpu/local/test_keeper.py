"""Reading the local GPUs through real nvidia-ml-py, whatever they do."""

import asyncio
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from exporters.fetching import FetchError
from exporters.gpu.kernel_log import LogEvent
from exporters.gpu.local.keeper import LocalGpus
from exporters.gpu.local.reader import Settings
from exporters.gpu.readings import MigInstance, Xid
from exporters.gpu.testing.shim import LIBRARY


@pytest.fixture
async def gpus(shim, tmp_path, caplog, until):
    """Both GPUs of the shim, read in haste, with a kernel's log to write to."""
    os.mkfifo(tmp_path / "kmsg")
    writing = os.open(tmp_path / "kmsg", os.O_RDWR)
    made = LocalGpus(
        "h1", shim.uuids, kernel_log=tmp_path / "kmsg", settings=quick(shim.environment),
    )  # fmt: skip
    async with made:
        made.log = lambda text: os.write(writing, f"4,1,1,-;{text}\n".encode())
        made.said = caplog
        await until(lambda: all(not each.trouble for each in made.read(b"").values()))
        yield made
    os.close(writing)


def quick(environment) -> Settings:
    """In haste."""
    return Settings(read_seconds=0.1, deadline_seconds=1.0, environment=environment)


def reading(gpus, shim, index=0):
    """The newest reading of one."""
    return gpus.read(b"")[shim.uuids[index]]


async def test_it_is_told_whether_the_kernel_log_is_followed(gpus, tmp_path):
    """Where it is not there, or nobody wants it, XIDs come from events alone."""
    assert gpus.health.follows_kernel_log is True
    assert LocalGpus("h1", [], kernel_log=None).health.follows_kernel_log is None
    async with LocalGpus("h1", [], kernel_log=tmp_path / "none") as without:
        assert without.health.follows_kernel_log is False


async def test_a_reading_has_what_the_driver_says_in_base_units(gpus, shim, until):
    """Each number in its place: no two are alike."""
    shim.set(
        0, celsius=41, memory_celsius=52, power_milliwatts=612_250, energy_millijoules=7_001,
        busy_percent=97, copy_percent=12, sm_megahertz=1980, memory_megahertz=3202,
        used_bytes=3, free_bytes=4, reserved_bytes=5, ecc_corrected=6, ecc_uncorrected=7,
        rows_correctable=8, rows_uncorrectable=9, rows_pending=1, rows_failure=0,
        clock_events=0x44, sw_power_cap_nanoseconds=1_500_000_000,
        sw_thermal_nanoseconds=2_500_000_000, hw_thermal_nanoseconds=3_500_000_000,
        power_brake_nanoseconds=4_500_000_000, sync_boost_nanoseconds=5_500_000_000,
        pcie_generation=4, pcie_width=8, pcie_replays=10, pcie_sent_mebibytes_per_second=11,
        pcie_received_mebibytes_per_second=12,
        nvlink_sent_kibibytes=13, nvlink_received_kibibytes=14,
        nvlink_crc=15, nvlink_replays=16, nvlink_recoveries=17, fabric_state=2, fabric_health=2,
        recovery_action=4, graphics_permille=990, sm_permille=410, occupancy_permille=370,
        tensor_permille=210, memory_permille=330,
    )  # fmt: skip
    await until(lambda: reading(gpus, shim).sm_active_ratio == pytest.approx(0.41))
    seen = reading(gpus, shim)
    expected = {
        "trouble": "", "temperature_celsius": 41, "memory_temperature_celsius": 52.0,
        "power_watts": 612.25, "power_limit_watts": 700.0, "energy_joules": 7.001,
        "utilization_ratio": 0.97, "copy_utilization_ratio": 0.12, "sm_clock_hertz": 1.98e9,
        "memory_clock_hertz": 3.202e9, "memory_used_bytes": 3, "memory_free_bytes": 4,
        "memory_reserved_bytes": 5, "ecc_corrected_errors": 6, "ecc_uncorrected_errors": 7,
        "remapped_rows_correctable": 8, "remapped_rows_uncorrectable": 9, "row_remap_pending": 1,
        "row_remap_failure": 0, "clock_events": 0x44,
        "clock_event_seconds": {"sw_power_cap": 1.5, "sw_thermal": 2.5, "hw_thermal": 3.5,
                                "hw_power_brake": 4.5, "sync_boost": 5.5},
        "pcie_generation": 4, "pcie_generation_max": 5, "pcie_width": 8, "pcie_width_max": 16,
        "pcie_replays": 10, "pcie_sent_bytes_per_second": 11 * 1024**2,
        "pcie_received_bytes_per_second": 12 * 1024**2,
        "nvlink_sent_bytes": 13 * 1024, "nvlink_received_bytes": 14 * 1024,
        "nvlink_errors": {"crc": 15, "replay": 16, "recovery": 17},
        "fabric_state": "in_progress", "fabric_health": "unhealthy", "recovery_action": 4,
        "graphics_active_ratio": 0.99, "sm_active_ratio": 0.41, "sm_occupancy_ratio": 0.37,
        "tensor_active_ratio": 0.21, "memory_active_ratio": 0.33, "processes": 0, "ranks": (),
        "pci_bus_id": "00000000:1B:00.0", "model_name": "NVIDIA H200",
        "driver_version": "590.48.01", "index": 0,
    }  # fmt: skip
    assert expected == {name: getattr(seen, name) for name in expected}
    assert reading(gpus, shim, 1).power_watts == 76.5


async def test_links_that_count_in_bytes_are_read_too(gpus, shim, until):
    """NVLink 5 has no other counters."""
    shim.set(0, has_nvlink_5=1, nvlink_5_sent_bytes=13, nvlink_5_received_bytes=14)
    await until(lambda: reading(gpus, shim).nvlink_sent_bytes == 13)
    assert reading(gpus, shim).nvlink_received_bytes == 14


async def test_a_wedged_gpu_costs_its_own_readings_only(gpus, shim, until):
    """Its child goes on with the others, and is replaced by one that has loaded the library."""
    first = gpus.child_pid
    shim.block(0)
    await until(lambda: reading(gpus, shim, 0).trouble == "unresponsive")
    assert gpus.child_pid != first
    for _ in range(10):
        await asyncio.sleep(0.1)
        assert reading(gpus, shim, 1).trouble == ""
        assert reading(gpus, shim, 1).age_seconds < 5.0
    assert gpus._nvml.children_started == 2  # a second try, for the first may have been slow
    assert reading(gpus, shim, 0).power_watts is None
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


async def test_a_wedged_gpu_is_asked_again_and_forgiven(gpus, shim, until, monkeypatch):
    """After a pause that grows."""
    monkeypatch.setattr("exporters.gpu.local.asked.FIRST_PAUSE_SECONDS", 0.2)
    shim.block(0)
    await until(lambda: gpus._nvml.children_started >= 4)
    shim.answer(0)
    await until(lambda: reading(gpus, shim, 0).trouble == "")


async def test_a_gpu_is_left_alone_while_a_child_that_hangs_in_it_cannot_be_killed(
    gpus, shim, until, monkeypatch
):
    """In the driver, signals wait; each further child would hang there too."""
    monkeypatch.setattr("exporters.gpu.local.asked.FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr("exporters.gpu.local.process.Child.is_gone", False)
    shim.block(0)
    await until(lambda: reading(gpus, shim, 0).trouble == "unread")
    await until(lambda: gpus._nvml.children_started == 2)
    calls = shim.calls(0)
    await asyncio.sleep(1.0)
    assert (gpus._nvml.children_started, shim.calls(0)) == (2, calls)


async def test_a_lost_gpu_is_said_to_be_lost_and_found_again(gpus, shim, until):
    """The driver knows."""
    shim.lose(0)
    await until(lambda: reading(gpus, shim, 0).trouble == "lost")
    assert reading(gpus, shim, 1).trouble == ""
    shim.answer(0)
    await until(lambda: reading(gpus, shim, 0).trouble == "")


async def test_a_gpu_that_nobody_knows_is_missing(gpus, shim, until):
    """It was taken out."""
    shim.remove(0)
    await until(lambda: reading(gpus, shim, 0).trouble == "missing")


async def test_gpus_that_changed_places_are_found_by_uuid(gpus, shim, until):
    """Indices and places say nothing."""
    shim.set(0, celsius=50)
    await until(lambda: reading(gpus, shim, 0).temperature_celsius == 50)
    os.kill(gpus.child_pid, signal.SIGKILL)
    shim.swap_uuids(0, 1)
    await until(lambda: reading(gpus, shim, 1).temperature_celsius == 50)
    assert reading(gpus, shim, 1).pci_bus_id == "00000000:1B:00.0"
    shim.swap_uuids(0, 1)


async def test_another_gpu_in_the_place_of_a_missing_one_is_not_taken_for_it(gpus, shim, until):
    """Its UUID is another."""
    shim.replace(1, "GPU-another")
    os.kill(gpus.child_pid, signal.SIGKILL)  # as handles are void when the driver is loaded anew
    await until(lambda: reading(gpus, shim, 1).trouble == "missing")
    shim.replace(1, shim.uuids[1])
    await until(lambda: reading(gpus, shim, 1).trouble == "")


async def test_an_xid_is_known_within_moments_and_told_once(gpus, shim, until):
    """As an event, and again as a line of the log."""
    await asyncio.sleep(0.2)  # the child's thread registers
    shim.raise_xid(1, 79)
    await until(lambda: reading(gpus, shim, 1).xids)
    gpus.log("NVRM: Xid (PCI:0000:1c:00): 79, pid=1")
    gpus.log("NVRM: Xid (PCI:0000:1b:00): 31, pid=1")
    await until(lambda: reading(gpus, shim, 0).xids)
    (event,) = reading(gpus, shim, 1).xids
    assert (event.code, event.count) == (79, 1)
    assert [each.code for each in reading(gpus, shim, 0).xids] == [31]


async def test_xids_of_a_wedged_gpu_come_from_the_log(gpus, shim, until):
    """Nobody waits for its events."""
    shim.block(0)
    await until(lambda: reading(gpus, shim, 0).trouble == "unresponsive")
    gpus.log("NVRM: Xid (PCI:0000:1b:00): 119, pid=1, name=x, Timeout after 6s of waiting for RPC")
    await until(lambda: [each.code for each in reading(gpus, shim, 0).xids] == [119])


async def test_xids_are_still_told_while_another_gpu_is_lost(gpus, shim, until):
    """NVML fails the waiting of all for one."""
    await asyncio.sleep(0.2)
    shim.lose(0)
    await until(lambda: reading(gpus, shim, 0).trouble == "lost")
    await asyncio.sleep(1.5)
    shim.raise_xid(1, 31)
    await until(lambda: reading(gpus, shim, 1).xids)


async def test_a_wedged_gpu_costs_its_own_readings_only_though_the_library_does_not_load_any_more(
    gpus, shim, until
):
    """A dead system processor lets both hang: no child may be given up before there is another."""
    shim.block_all()
    shim.block(0)
    await until(lambda: reading(gpus, shim, 0).trouble == "unread")
    await until(lambda: gpus._nvml.children_started == 2)
    for _ in range(20):
        await asyncio.sleep(0.1)
        assert reading(gpus, shim, 1).trouble == ""
        assert reading(gpus, shim, 1).age_seconds < 2.0
    assert gpus.health.backends["nvml"]
    shim.answer(0)  # the call comes back, late
    await until(lambda: reading(gpus, shim, 0).trouble == "")


async def test_a_gpu_that_kills_whoever_calls_it_costs_its_own_readings_only(
    gpus, shim, until, monkeypatch
):
    """After it was found out which one it is."""
    monkeypatch.setattr("exporters.gpu.local.asked.FIRST_PAUSE_SECONDS", 60.0)
    shim.crash(0)
    await until(lambda: gpus._nvml.children_started >= 3)
    await until(lambda: reading(gpus, shim, 1).trouble == "")
    started = gpus._nvml.children_started
    await asyncio.sleep(1.0)
    assert reading(gpus, shim, 1).age_seconds < 1.0
    assert reading(gpus, shim, 0).trouble in ("unread", "unresponsive")
    assert gpus._nvml.children_started == started
    assert "Traceback" not in gpus.said.text


async def test_a_child_that_dies_between_two_rounds_costs_nothing(gpus, shim, until):
    """Nobody was being asked."""
    gpus._nvml._settings = replace(gpus._nvml._settings, read_seconds=1.0)
    for _ in range(3):
        first = gpus.child_pid
        age = reading(gpus, shim).age_seconds
        await until(lambda age=age: reading(gpus, shim).age_seconds < age or age < 0.1)
        os.kill(first, signal.SIGKILL)
        await until(lambda first=first: gpus.child_pid not in (None, first))
        await until(lambda: reading(gpus, shim).age_seconds < 0.5)
        assert [reading(gpus, shim, index).trouble for index in range(2)] == ["", ""]
    assert gpus.said.records == []


async def test_gpus_that_nobody_expects_are_told_and_read_if_wanted(shim, until):
    """The topology is wrong; or it leaves to the host which ones it has."""
    first, second = shim.uuids
    gpus = LocalGpus("h1", [first], kernel_log=None, settings=quick(shim.environment))
    async with gpus:
        await until(lambda: gpus.others == {second})
        assert set(gpus.read(b"")) == {first}
        gpus.expect([], all_found=True)
        await until(lambda: all(not each.trouble for each in gpus.read(b"").values()))
        assert set(gpus.read(b"")) == {first, second}


def test_what_the_log_still_holds_is_known_and_not_counted_again():
    """Its oldest lines go as new ones come: a restart in between would invent events."""
    now = time.time()
    gpus = LocalGpus("h1", ["GPU-a"], kernel_log=None)
    gpus._nvml._gpus["GPU-a"].pci = "0000:01:00.0"
    for at in (now - 86400, now - 60):
        gpus._take_line(LogEvent("0:1:0", 31, at))
    gpus._take_line(LogEvent("0:1:0", 79, now - 86400))
    known = {xid.code: xid for xid in gpus.read(b"")["GPU-a"].xids}
    assert [(xid.count, xid.is_history) for xid in known.values()] == [(0, True), (0, False)]
    assert gpus.read(b"")["GPU-a"].xid_bursts == 0
    assert known[31].last_at == now - 60
    gpus._take_line(LogEvent("0:1:0", 31, now + 400))
    (xid,) = [xid for xid in gpus.read(b"")["GPU-a"].xids if xid.code == 31]
    assert (xid.count, gpus.read(b"")["GPU-a"].xid_bursts) == (1, 1)


async def test_a_child_that_dies_is_replaced(gpus, shim, until):
    """NVML crashes with a lost GPU under some drivers."""
    first = gpus.child_pid
    os.kill(first, signal.SIGSEGV)
    await until(lambda: gpus.child_pid not in (None, first))
    await until(
        lambda: reading(gpus, shim, 0).trouble == "" and reading(gpus, shim, 1).trouble == ""
    )


async def test_parts_and_ranks_of_a_gpu_are_told(gpus, shim, until):
    """MIG instances by their profile; ranks by the titles of processes."""
    shim.set(0, mig_parts=2, process=os.getpid())
    await until(lambda: reading(gpus, shim, 0).mig)
    seen = reading(gpus, shim, 0)
    assert seen.mig == tuple(
        MigInstance(7 + index, 0, "1g.18gb", f"MIG-{shim.uuids[0]}-{index}") for index in range(2)
    )
    assert (seen.processes, seen.ranks) == (1, ())


async def test_a_gpu_without_gpm_says_nothing_of_activity(gpus, shim, until):
    """Missing is not 0."""
    shim.set(0, has_gpm=0)
    os.kill(gpus.child_pid, signal.SIGKILL)
    await until(lambda: reading(gpus, shim, 1).sm_active_ratio is not None)
    assert reading(gpus, shim, 0).sm_active_ratio is None


async def test_a_driver_that_does_not_load_is_a_source_that_is_down(shim, tmp_path, monkeypatch):
    """With the reason in words; nobody waits for it."""
    monkeypatch.setattr("exporters.gpu.local.reader.START_SECONDS", 0.5)
    nothing = {**shim.environment, "SHARDWATCH_SHIM": str(tmp_path / "nothing")}
    # Where there is a real one, this stands before it.
    (tmp_path / LIBRARY).write_bytes(b"no library")
    for environment in (nothing, {"LD_LIBRARY_PATH": str(tmp_path)}):
        gpus = LocalGpus("h1", shim.uuids, kernel_log=None, settings=quick(environment))
        async with gpus:
            with pytest.raises(FetchError) as caught:
                await gpus(gpus.url)
        assert caught.value.reason in ("refused", "timeout")


def _is_alive(pid) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def test_an_xid_is_told_though_the_library_does_not_load_any_more(gpus, shim, until):
    """The log is all that is left of a driver whose system processor is dead."""
    shim.block_all()
    os.kill(gpus.child_pid, signal.SIGKILL)
    await until(lambda: gpus._nvml.children_started == 2)
    gpus.log("NVRM: Xid (PCI:0000:1b:00): 119, pid=1, name=x, Timeout after 6s of waiting for RPC")
    await until(lambda: reading(gpus, shim).xids)
    gpus._nvml.trouble = "it does not load"
    assert (await gpus(gpus.url)).status == 200
    shim.unblock_all()


async def test_the_child_goes_with_its_parent(shim, until):
    """However the parent ends."""
    script = (
        "import asyncio, os, sys\n"
        "from exporters.gpu.local.keeper import LocalGpus\n"
        "async def main():\n"
        f"    async with LocalGpus('h1', {shim.uuids}, kernel_log=None) as gpus:\n"
        "        await gpus(gpus.url)\n"
        "        print(gpus.child_pid, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c", script, stdout=asyncio.subprocess.PIPE, env={**os.environ, **shim.environment},
    )  # fmt: skip
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await until(lambda: not _is_alive(child))


async def test_the_same_event_keeps_its_place_when_more_come(gpus, shim, until):
    """Counts never fall."""
    await asyncio.sleep(0.2)
    for code in (31, 31, 43):
        shim.raise_xid(0, code)
    await until(lambda: sum(each.count for each in reading(gpus, shim, 0).xids) == 3)
    counts = {each.code: each.count for each in reading(gpus, shim, 0).xids}
    assert counts == {31: 2, 43: 1}
    assert reading(gpus, shim, 0).xid_bursts == 1
    assert isinstance(reading(gpus, shim, 0).xids[0], Xid)


async def test_a_topology_that_changes_changes_what_is_read(gpus, shim, until):
    """What is known of those that stay is kept."""
    gpus.expect([shim.uuids[1], "GPU-new"])
    assert set(gpus.read(b"")) == {shim.uuids[1], "GPU-new"}
    assert reading(gpus, shim, 1).power_watts == 76.5
    await until(lambda: gpus.child_pid is not None)
    await until(lambda: gpus.read(b"")["GPU-new"].age_seconds > 0)
    assert gpus.read(b"")["GPU-new"].trouble == "missing"


async def test_wedges_leak_neither_threads_nor_files(gpus, shim, until, monkeypatch):
    """However many there are."""
    monkeypatch.setattr("exporters.gpu.local.asked.FIRST_PAUSE_SECONDS", 0.0)
    settings = gpus._nvml._settings
    monkeypatch.setattr(gpus._nvml, "_settings", replace(settings, deadline_seconds=0.05))

    def held() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    before = held()
    shim.block(0)
    await until(lambda: gpus._nvml.children_started >= 8)
    shim.answer(0)
    monkeypatch.setattr(gpus._nvml, "_settings", replace(settings, deadline_seconds=5.0))
    await until(
        lambda: reading(gpus, shim, 0).trouble == "" and reading(gpus, shim, 1).trouble == ""
    )
    await until(lambda: before == held())
