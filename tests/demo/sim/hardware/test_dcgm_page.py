"""What dcgm-exporter shows of GPUs."""

import re

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.sim.fleet import fleet_of
from demo.sim.hardware import faults
from demo.sim.hardware.dcgm_page import XID_FIELD, XID_MESSAGES, HostPages
from demo.sim.hardware.run import Use, Work, run_hardware, start_hardware
from demo.sim.hardware.state import NEVER_LISTED, SYSTEM_PROCESSOR_TIMEOUT
from demo.sim.hardware.testing import numbered_fleet
from exporters.dialects import read_dialect
from exporters.gpu.taxonomy import XID_RULES
from exporters.gpu.telemetry import TelemetryReader
from exporters.gpu.verdict import judge
from exporters.topology import Topology

WATTS, CELSIUS, UTIL = "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_GPU_UTIL"
EVENTS = "DCGM_FI_DEV_CLOCKS_EVENT_REASONS"
CRC = "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL"
RECOVERIES = "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL"
CLOCK, TENSOR = "DCGM_FI_DEV_SM_CLOCK", "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"
ENERGY, USED = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "DCGM_FI_DEV_FB_USED"
REMAPPED = "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS"


class Site:
    """Four groups of two hosts with two GPUs: host 2 has GPU-4 and GPU-5, host 3 the next two."""

    def __init__(self, seed=1, fleet=None) -> None:
        self.fleet = fleet or numbered_fleet(4)
        self.hardware = start_hardware(self.fleet, seed)
        self.pages = HostPages(self.fleet)

    def run(self, steps, *, use=Use.WORKING, load=1.0, loaded=1.0):
        """Take steps of a second, the same work for all groups."""
        groups = self.fleet.groups
        work = Work(np.full(groups, int(use)), np.full(groups, load), np.full(groups, loaded))
        for _ in range(steps):
            run_hardware(self.hardware, self.fleet, work)

    def text(self, *places: int):
        """The page of a host."""
        return self.pages.page(self.hardware, places or (2,)).decode()

    def read(self, *places: int):
        """The samples of a page, by family and UUID."""
        return {
            family.name.removesuffix("_total"): {
                sample.labels["UUID"]: sample for sample in family.samples
            }
            for family in text_string_to_metric_families(self.text(*places))
        }

    def values(self, family, *places: int):
        """The values of a family, in the page's order."""
        return [sample.value for sample in self.read(*places)[family].values()]


@pytest.fixture
def site():
    """All well, and collected a few times."""
    site = Site()
    site.run(10)
    return site


def test_the_page_has_the_families_of_the_dialect_with_their_labels(site):
    """In its order."""
    page = site.read()
    families = (*read_dialect("dcgm_4").families, *read_dialect("dcgm_4_more").families)
    assert list(page) == [family.name for family in families]
    for family in families:
        assert list(page[family.name]) == ["GPU-4", "GPU-5"]
        for sample in page[family.name].values():
            assert tuple(sample.labels) == family.labels


def test_labels_and_numbers_are_written_as_dcgm_exporter_writes_them(site):
    """Watts with six digits, percent without a point, one HELP and TYPE a family."""
    text = site.text()
    line = re.search(rf"^{WATTS}\{{.*$", text, re.MULTILINE)
    assert line
    assert re.fullmatch(
        rf'{WATTS}\{{gpu="0",UUID="GPU-4",pci_bus_id="00000000:1B:00\.0",'
        r'device="nvidia0",modelName="NVIDIA H200",hostname="h2",'
        r'DCGM_FI_DRIVER_VERSION="[\d.]+"\} \d+\.\d{6}',
        line[0],
    )
    assert re.search(rf"^{UTIL}\{{.*\}} \d+$", text, re.MULTILINE)
    assert text.count(f"# TYPE {UTIL} gauge\n") == 1
    assert re.search(rf'^{XID_FIELD}\{{.*err_code="0",err_msg="No Error"\}} 0$', text, re.MULTILINE)


def test_every_xid_that_a_fault_shows_has_its_message():
    """A page that fails for one code would hide all others."""
    assert XID_MESSAGES.keys() == {0, 74, 79, 94, 95, 119}
    assert {79, 95, 119} <= {code for rule in XID_RULES for code in rule.codes}


def test_a_gpu_at_work_shows_what_an_h200_shows(site):
    """About 60 % of its limit while it decodes."""
    assert all(380 < watts < 480 for watts in site.values(WATTS))
    assert all(40 <= celsius <= 48 for celsius in site.values(CELSIUS))
    assert all(85 <= percent <= 100 for percent in site.values(UTIL))
    assert all(0.15 < ratio < 0.25 for ratio in site.values(TENSOR))
    assert site.values(CLOCK) == [1980, 1980]
    memory = [
        used + free
        for used, free in zip(site.values(USED), site.values("DCGM_FI_DEV_FB_FREE"), strict=True)
    ]
    assert memory == [143771 - 616] * 2


def test_an_idle_gpu_without_a_process_rests(site):
    """Low clocks, no memory."""
    site.run(600, use=Use.IDLE, load=0.0, loaded=0.0)
    assert site.values(CLOCK) == [345, 345]
    assert site.values(UTIL) == [0, 0]
    assert all(70 < watts < 86 for watts in site.values(WATTS))
    assert all(used < 1000 for used in site.values(USED))


def test_memory_fills_while_weights_load(site):
    """And nothing computes."""
    site.run(5, use=Use.LOADING, load=0.0, loaded=0.5)
    half = site.values(USED)
    site.run(5, use=Use.LOADING, load=0.0, loaded=1.0)
    assert [used / full for used, full in zip(half, site.values(USED), strict=True)] == (
        pytest.approx([0.5] * 2, rel=0.01)
    )
    assert site.values(TENSOR) == [0, 0]


def test_who_waits_in_a_collective_spins_at_full_use_with_little_power(site):
    """Utilisation alone says that all is well."""
    site.run(300, use=Use.WAITING, load=3.0)
    assert site.values(UTIL) == [100, 100]
    assert all(190 < watts < 220 for watts in site.values(WATTS))
    assert site.values(TENSOR) == [0, 0]
    assert site.values(CLOCK) == [1980, 1980]


def test_no_two_gpus_are_alike(site):
    """Equal GPUs would hide a wrong join."""
    watts = [value for host in range(8) for value in site.values(WATTS, host)]
    energy = [value for host in range(8) for value in site.values(ENERGY, host)]
    assert len(set(watts)) == len(set(energy)) == 16


def test_energy_is_power_over_time(site):
    """Whoever divides the counter by time gets watts."""
    before = site.values(ENERGY)
    site.run(20)
    watts = [
        (after - earlier) / 20 / 1000
        for after, earlier in zip(site.values(ENERGY), before, strict=True)
    ]
    assert watts == pytest.approx(site.values(WATTS), rel=0.1)


def test_of_a_lost_gpu_only_the_xid_is_left(site):
    """DCGM leaves blanks out without a word, and keeps the last XID."""
    faults.lose_gpu(site.hardware, site.fleet, 5)
    assert "GPU-5" in site.read()[WATTS]  # nobody has looked yet
    site.run(5)
    page = site.read()
    assert [name for name, samples in page.items() if "GPU-5" in samples] == [XID_FIELD]
    sample = page[XID_FIELD]["GPU-5"]
    assert sample.value == 79
    assert sample.labels["err_code"] == "79"
    assert sample.labels["err_msg"] == "GPU has fallen off the bus"
    assert all("GPU-4" in samples for samples in page.values())


def test_after_a_loss_the_xid_sticks_and_energy_counts_anew(site):
    """Its driver was loaded again."""
    faults.lose_gpu(site.hardware, site.fleet, 5)
    site.run(10)
    faults.return_gpu(site.hardware, site.fleet, 5)
    site.run(10)
    page = site.read()
    assert all(len(samples) == 2 for samples in page.values())
    assert page[XID_FIELD]["GPU-5"].value == 79
    assert page[ENERGY]["GPU-5"].value < 10 * 500 * 1000
    assert page[ENERGY]["GPU-4"].value > 1e10


def test_after_the_repair_the_exporter_says_healthy_though_the_xid_stays(site):
    """And at a second loss that it is lost again, under the same XID."""
    reader, verdict, states = TelemetryReader(), None, []
    for step in range(60):
        if step in (10, 40):
            faults.lose_gpu(site.hardware, site.fleet, 5)
        if step == 25:
            faults.return_gpu(site.hardware, site.fleet, 5)
        site.run(1)
        if step % 5 == 4:
            verdict = judge(reader.read(site.text().encode())["GPU-5"], verdict, float(step))
            states.append((verdict.state, verdict.xid))
    assert [state for state, _ in runs_of(states)] == [
        ("healthy", 0),
        ("lost", 79),
        ("healthy", 79),
        ("degraded", 79),
        ("lost", 79),
    ]


def runs_of(states):
    """States without repetitions, each with how often it came."""
    groups = []
    for state in states:
        if groups and groups[-1][0] == state:
            groups[-1] = (state, groups[-1][1] + 1)
        else:
            groups.append((state, 1))
    return groups


def test_a_dead_system_processor_blinds_the_whole_host(site):
    """DCGM makes no more calls to the driver: its GPUs are gone, their XIDs are not."""
    faults.lose_gpu(site.hardware, site.fleet, 4, SYSTEM_PROCESSOR_TIMEOUT)
    site.run(5)
    page = site.read()
    assert [name for name, samples in page.items() if samples] == [XID_FIELD]
    assert [sample.value for sample in page[XID_FIELD].values()] == [119, 0]
    assert site.values(UTIL, 3) != []
    faults.return_gpu(site.hardware, site.fleet, 4, SYSTEM_PROCESSOR_TIMEOUT)
    site.run(5)
    assert len(site.values(UTIL)) == 2


def test_a_gpu_that_did_not_come_up_is_not_listed_and_the_next_takes_its_number(site):
    """Not even an XID says that it is missing."""
    faults.lose_gpu(site.hardware, site.fleet, 4, NEVER_LISTED)
    site.run(5)
    (sample,) = site.read()[XID_FIELD].values()
    assert sample.labels["UUID"] == "GPU-5"
    assert sample.labels["gpu"] == "0"
    assert sample.labels["device"] == "nvidia0"
    assert sample.labels["pci_bus_id"] == "00000000:43:00.0"


def test_a_straggler_is_an_outlier_of_its_clock_and_nothing_else(site):
    """It works all the time while the others wait for it."""
    faults.slow_gpu(site.hardware, site.fleet, 4, 0.4)
    site.run(60)
    slow, other = site.read(2), site.read(3)
    assert site.values(CLOCK, 2) == [pytest.approx(1980 * 0.6, abs=1), 1980]
    tensor = [slow[TENSOR]["GPU-4"].value, other[TENSOR]["GPU-6"].value]
    assert tensor[1] == pytest.approx(tensor[0] * 0.6, rel=0.15)
    for family in (WATTS, UTIL, CELSIUS):
        assert slow[family]["GPU-4"].value == pytest.approx(other[family]["GPU-6"].value, rel=0.15)
    assert slow[XID_FIELD]["GPU-4"].value == 0


def test_a_gpu_that_cannot_get_rid_of_its_heat_is_at_its_limit_with_a_lower_clock(site):
    """No XID."""
    faults.slow_gpu(site.hardware, site.fleet, 4, 0.3, hot=True)
    site.run(5)
    assert site.values(CLOCK) == [1386, 1980]
    assert site.values(CELSIUS)[0] == 87
    assert site.values(CELSIUS)[1] < 50
    assert site.values(XID_FIELD) == [0, 0]


def test_a_rack_without_cooling_is_hot_and_throttled(site):
    """On the pages of all its hosts."""
    faults.cool_less(site.hardware, site.fleet, 0, 0.6)
    site.run(1200)
    assert all(84 <= celsius <= 90 for celsius in site.values(CELSIUS, 0) + site.values(CELSIUS, 1))
    assert all(800 < clock < 1500 for clock in site.values(CLOCK, 0))
    assert all(celsius < 50 for celsius in site.values(CELSIUS, 7))


@pytest.mark.parametrize(("contained", "xid"), [(True, 94), (False, 95)])
def test_an_error_of_memory_leaves_an_xid_and_a_remapped_row(site, contained, xid):
    """The row stays remapped, also over a reboot; the XID does not."""
    faults.ecc_error(site.hardware, site.fleet, 4, contained=contained)
    site.run(5)
    assert site.values(XID_FIELD) == [xid, 0]
    assert site.values(REMAPPED) == [1, 0]
    assert len(site.values(UTIL)) == 2
    faults.lose_host(site.hardware, site.fleet, 2)
    faults.return_host(site.hardware, site.fleet, 2)
    site.run(1)
    assert site.values(XID_FIELD) == [0, 0]
    assert site.values(REMAPPED) == [1, 0]


def test_a_hot_rack_says_why_its_clocks_are_low(site):
    """Software first, the hardware where that is not enough, nothing without heat."""
    assert site.values(EVENTS) == [0, 0]
    faults.cool_less(site.hardware, site.fleet, 0, 0.6)
    site.run(300)
    assert site.values(EVENTS) == [0x20, 0x20]
    assert max(site.values(CLOCK)) < 1980
    faults.cool_less(site.hardware, site.fleet, 0, 0.14)
    site.run(80)
    assert site.values(EVENTS) == [0x68, 0x68]
    faults.cool(site.hardware, 0, 0.14)
    faults.cool(site.hardware, 0, 0.6)
    site.run(600)
    assert site.values(EVENTS) == [0, 0]


def test_one_hot_gpu_says_so_and_a_slow_one_does_not(site):
    """A bad thermal interface, at work; a straggler."""
    faults.slow_gpu(site.hardware, site.fleet, 4, 0.3, hot=True)
    faults.slow_gpu(site.hardware, site.fleet, 5, 0.3)
    site.run(5)
    assert site.values(EVENTS) == [0x20, 0]
    site.run(600, use=Use.IDLE, load=0.0, loaded=0.0)
    assert site.values(EVENTS) == [1, 1]


def test_a_hot_rack_degrades_its_gpus_to_those_who_watch(site):
    """At two looks, for information; until it is cool."""
    look = watch(site)
    assert look() == ("healthy", "none", "none")
    faults.cool_less(site.hardware, site.fleet, 0, 0.6)
    site.run(200)
    assert look() == ("healthy", "none", "none")
    assert look() == ("degraded", "sw_thermal", "info")
    faults.cool(site.hardware, 0, 0.6)
    assert look(600) == ("healthy", "none", "none")


def test_links_that_fail_count_errors_while_they_carry_traffic(site):
    """A dead one is silent; a reset and a reboot begin anew."""
    hardware, fleet = site.hardware, site.fleet
    assert (site.values(CRC), site.values(RECOVERIES)) == ([0, 0], [0, 0])
    faults.nvlink_error(hardware, fleet, 4, 0.5)
    site.run(20)
    first = site.values(CRC)[0]
    assert 15_000 <= first <= 20_000
    faults.nvlink_error(hardware, fleet, 4, 0.2)
    site.run(20)
    assert site.values(CRC) == [first + 20_000, 0]
    assert site.values(RECOVERIES) == [2, 0]
    faults.nvlink_error(hardware, fleet, 4, 1.0)
    site.run(20)
    silent = site.values(CRC)
    site.run(20)
    assert site.values(CRC) == silent
    faults.mend_nvlink(hardware, fleet, 4, 1.0)
    site.run(20)
    assert silent[0] < site.values(CRC)[0] <= silent[0] + 20_000
    faults.lose_host(hardware, fleet, 2)
    faults.return_host(hardware, fleet, 2)
    site.run(5)
    assert site.values(CRC)[0] <= 5_000
    for share in (0.5, 0.2):
        faults.mend_nvlink(hardware, fleet, 4, share)
    site.run(5)
    assert (site.values(CRC), site.values(RECOVERIES)) == ([0, 0], [0, 0])


def test_links_that_fail_again_are_seen_though_the_xid_is_the_same(site):
    """Their errors grow; the gauge of the XID shows what it showed."""
    look = watch(site)
    look()
    for _ in range(2):
        faults.nvlink_error(site.hardware, site.fleet, 4, 0.5)
        assert look(10)[:2] == ("degraded", "nvlink")
        faults.mend_nvlink(site.hardware, site.fleet, 4, 0.5)
        assert look() == ("healthy", "none", "none")


def test_bad_links_leave_an_xid(site):
    """Its fields stay."""
    faults.nvlink_error(site.hardware, site.fleet, 4, 0.5)
    site.run(5)
    assert site.values(XID_FIELD) == [74, 0]
    assert len(site.values(UTIL)) == 2


def watch(site, gpu="GPU-4"):
    """Verdicts on a GPU, look by look; each look is a collection later."""
    reader, before = TelemetryReader(), None

    def look(seconds=5):
        nonlocal before
        site.run(seconds)
        now = float(site.hardware.steps)
        before = judge(reader.read(site.text().encode())[gpu], before, now)
        return before.state, before.reason, before.severity

    return look


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_links_that_were_mended_are_well_to_those_who_watch(site, share):
    """The XID sticks; that the energy begins anew says that it is of before. Twice."""
    look = watch(site)
    assert look() == ("healthy", "none", "none")
    for _ in range(2):
        faults.nvlink_error(site.hardware, site.fleet, 4, share)
        faults.nvlink_error(site.hardware, site.fleet, 4, 0.2)
        assert look()[:2] == ("degraded", "nvlink")
        faults.mend_nvlink(site.hardware, site.fleet, 4, share)
        assert look()[:2] == ("degraded", "nvlink")
        faults.mend_nvlink(site.hardware, site.fleet, 4, 0.2)
        assert look() == ("healthy", "none", "none")
        faults.lose_host(site.hardware, site.fleet, 2)
        faults.return_host(site.hardware, site.fleet, 2)
        look()


def test_a_patched_host_shows_its_driver_at_once_and_counts_anew(site):
    """Its exporter collects when it starts, whoever's turn it is."""
    faults.lose_host(site.hardware, site.fleet, 2)
    faults.patch_host(site.hardware, site.fleet, 2, "580.105.08")
    site.run(10)
    assert 'VERSION="580.95.05"' in site.text()  # nobody can read it: it is dark
    faults.return_host(site.hardware, site.fleet, 2)
    site.run(1)
    assert 'VERSION="580.95.05"' not in site.text()
    assert 'VERSION="580.105.08"' in site.text()
    assert 'VERSION="580.95.05"' in site.text(3)
    assert all(millijoules < 2 * 500 * 1000 for millijoules in site.values(ENERGY))


def test_a_page_between_two_collections_is_the_same_page(site):
    """Every five seconds another."""
    pages = []
    for _ in range(20):
        site.run(1)
        pages.append(site.text())
    assert len(set(pages)) in (4, 5)


def test_the_same_seed_gives_the_same_bytes():
    """Another seed other ones."""
    texts = []
    for seed in (1, 1, 2):
        site = Site(seed)
        site.run(7)
        texts.append(site.text())
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_a_host_of_two_groups_has_one_page_with_all_its_gpus():
    """Numbered through."""
    url = "http://127.0.0.1:1"
    groups = [
        {
            "name": name,
            "region": "eu",
            "model": "chat",
            "revision": "r1",
            "metrics": url,
            "members": [{"host": "shared", "gpus": [f"{name}-0", f"{name}-1"], "telemetry": url}],
        }
        for name in ("a", "b")
    ]
    topology = Topology.model_validate({"version": 1, "cluster": "test", "groups": groups})
    site = Site(fleet=fleet_of(topology))
    site.run(5)
    places = site.fleet.names.find_hosts("shared")
    labels = [sample.labels for sample in site.read(*places)[WATTS].values()]
    assert [each["UUID"] for each in labels] == ["a-0", "a-1", "b-0", "b-1"]
    assert [each["gpu"] for each in labels] == ["0", "1", "2", "3"]
    assert len({each["pci_bus_id"] for each in labels}) == 4
    assert {each["hostname"] for each in labels} == {"shared"}
