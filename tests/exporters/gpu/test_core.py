"""What the gpu exporter serves, from readings to series."""

from dataclasses import replace

import pytest

from exporters import catalog
from exporters.gpu.core import PLAIN, SPLIT, GpuCore
from exporters.gpu.members import LocalHealth
from exporters.gpu.readings import MEASURED_NAMES, GpuReadings, MigInstance, Reading, Xid
from exporters.sources import Answer, Answers

WALL = 1_790_000_000.0
A = ("demo", "eu", "chat", "eu-chat-0", "h0", "GPU-a")
B = (*A[:5], "GPU-b")


class Local:
    """A local source that says what it is told."""

    host = "h0"
    url = "local://h0"
    others: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.readings = GpuReadings()
        self.health = LocalHealth({"nvml": True}, {"nvml": 1}, None)

    def expect(self, uuids, *, all_found=False) -> None:
        """Take note."""
        self.expected, self.all_found = uuids, all_found

    def read(self, body) -> GpuReadings:
        """Return that."""
        return self.readings


class Exporter:
    """The core, fed directly."""

    def __init__(self, topology) -> None:
        self.local = Local()
        self.topology = topology
        self.core = GpuCore(topology, self.local, wall=lambda: WALL + self.now)
        self.now = 0.0

    def collect(self, seconds_later=5.0, reason="none", **readings: Reading):
        """Return the page after one collection; GPUs by the last letter of their UUID."""
        self.now += seconds_later
        content = GpuReadings({f"GPU-{name}": each for name, each in readings.items()})
        answer = Answer(reason, content if reason == "none" else None)
        (target,) = self.core.targets
        return self.core.observe(Answers({target: answer}), self.now)


@pytest.fixture
def exporter(make_topology):
    """Two GPUs of one host, which has no page."""
    topology = make_topology(groups=[("eu", "chat", "r1")])
    group = topology.groups[0]
    member = group.members[0].model_copy(
        update={"host": "h0", "gpus": ["GPU-a", "GPU-b"], "telemetry": None}
    )
    group = group.model_copy(update={"name": "eu-chat-0", "members": [member]})
    return Exporter(topology.model_copy(update={"groups": [group]}))


WELL = Reading(temperature_celsius=40.0, energy_joules=1.0)


def test_every_number_of_a_reading_is_served_or_judged():
    """What is read for nothing costs for nothing."""
    judged = {"pcie_generation", "pcie_generation_max", "pcie_width", "pcie_width_max"}
    redundant = {"copy_utilization_ratio", "encoder_utilization_ratio", "decoder_utilization_ratio"}
    assert set(PLAIN) | set(SPLIT) | judged | redundant == set(MEASURED_NAMES)


def test_numbers_are_served_under_their_families_and_labels(exporter):
    """Each in its place: no two are alike."""
    values = {name: float(number) for number, name in enumerate(MEASURED_NAMES)}
    page = exporter.collect(a=Reading(**values), b=WELL)
    for name, family in PLAIN.items():
        assert page.of(family)[A] == values[name]
    for name, (family, word) in SPLIT.items():
        assert page.of(family)[*A, word] == values[name]


def test_the_local_source_is_told_which_gpus_the_topology_expects(exporter):
    """Those of its host."""
    assert exporter.local.expected == ["GPU-a", "GPU-b"]


def test_words_are_served_as_labels(exporter):
    """The fabric, the driver's wish, parts, ranks, the verdict."""
    page = exporter.collect(
        a=Reading(
            energy_joules=1.0, fabric_state="completed", fabric_health="limited",
            recovery_action=1, mig=(MigInstance(3, 0, "1g.18gb"),), ranks=("TP0",),
            nvlink_errors={"crc": 2.0},
        ),
        b=WELL,
    )  # fmt: skip
    assert page.of(catalog.GPU_FABRIC) == {(*A, "completed", "limited"): 1.0}
    assert page.of(catalog.GPU_RECOVERY_ACTION) == {(*A, "gpu_reset"): 1.0}
    assert page.of(catalog.GPU_MIG) == {(*A, "3", "0", "1g.18gb"): 1.0}
    assert page.of(catalog.GPU_RANK) == {(*A, "TP0"): 1.0}
    assert page.of(catalog.GPU_NVLINK_ERRORS) == {(*A, "crc"): 2.0}
    assert page.of(catalog.GPU_VERDICT) == {
        (*A, "ticket", "reset_gpu"): 1.0, (*B, "none", "none"): 1.0,
    }  # fmt: skip


def test_of_a_lost_gpu_only_the_verdict_the_age_and_the_xids_are_left(exporter):
    """Nothing of yesterday is served as of today."""
    exporter.collect(a=WELL, b=WELL)
    lost = Reading(trouble="lost", xids=(Xid(79, 1, WALL),), xid_bursts=1)
    page = exporter.collect(a=lost, b=WELL)
    left = {name for name, series in page.values.items() if any(key[:6] == A for key in series)}
    assert left == {
        family.name for family in (
            catalog.GPU_UP, catalog.GPU_STATE, catalog.GPU_REASON, catalog.GPU_VERDICT,
            catalog.GPU_SAMPLE_AGE, catalog.GPU_LAST_XID, catalog.GPU_XIDS, catalog.GPU_XID_TIME,
            catalog.GPU_XID_EVENTS, catalog.GPU_XID_BURSTS,
        )
    }  # fmt: skip
    assert page.of(catalog.GPU_UP)[A] == 0.0
    assert page.of(catalog.GPU_SAMPLE_AGE) == {A: 5.0, B: 0.0}
    assert page.of(catalog.GPU_XIDS) == {(*A, "79"): 1.0}
    assert page.of(catalog.GPU_XID_TIME) == {(*A, "79"): WALL}


def test_every_expected_gpu_has_its_verdict_though_nothing_was_ever_read(exporter):
    """And counters of XIDs exist from 0 on."""
    page = exporter.collect(reason="timeout")
    assert page.of(catalog.GPU_UP) == {A: 0.0, B: 0.0}
    assert page.of(catalog.GPU_XID_EVENTS) == {A: 0.0, B: 0.0}
    assert page.of(catalog.GPU_SAMPLE_AGE) == {}


def test_the_age_of_a_sample_is_that_of_the_source(exporter):
    """A reading that is served again is not a new one."""
    exporter.collect(a=WELL, b=WELL)
    page = exporter.collect(a=Reading(energy_joules=1.0, age_seconds=1.5), b=WELL)
    assert page.of(catalog.GPU_SAMPLE_AGE)[A] == 1.5
    page = exporter.collect(reason="timeout")
    assert page.of(catalog.GPU_SAMPLE_AGE)[A] == 6.5


def test_xids_do_not_fall_while_the_source_is_away(exporter):
    """A counter that goes and comes back makes Prometheus count twice."""
    told = Reading(energy_joules=1.0, xids=(Xid(31, 3, WALL),), xid_bursts=2)
    exporter.collect(a=told, b=WELL)
    page = exporter.collect(reason="timeout")
    assert page.of(catalog.GPU_XIDS) == {(*A, "31"): 3.0}
    assert page.of(catalog.GPU_XID_EVENTS)[A] == 3.0
    assert page.of(catalog.GPU_XID_BURSTS)[A] == 2.0


def test_a_code_that_nobody_knows_is_other_and_counted(exporter):
    """Labels have bounds."""
    told = Reading(energy_joules=1.0, xids=(Xid(999, 2, WALL), Xid(998, 1, WALL + 1)))
    page = exporter.collect(a=told, b=WELL)
    assert page.of(catalog.GPU_XIDS) == {(*A, "other"): 3.0}
    assert page.of(catalog.GPU_XID_TIME) == {(*A, "other"): WALL + 1}
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["gpu", "code"] == 2.0


def test_changes_of_a_sticky_gauge_are_counted_from_the_second_look_on(exporter):
    """What it shows at first was raised nobody knows when; the same code again is not seen."""
    shown = [(31,), (31,), (79,), (), (79,)]
    pages = [
        exporter.collect(a=Reading(energy_joules=1.0 + n, xids=tuple(map(Xid, codes))), b=WELL)
        for n, codes in enumerate(shown)
    ]
    counted = [page.of(catalog.GPU_XID_EVENTS)[A] for page in pages]
    assert counted == [0.0, 0.0, 1.0, 1.0, 2.0]
    assert pages[-1].of(catalog.GPU_XIDS) == {(*A, "79"): 2.0}
    assert pages[-1].of(catalog.GPU_XID_TIME) == {(*A, "79"): WALL + 25.0}
    assert pages[-1].of(catalog.GPU_XID_BURSTS)[A] == 1.0


def test_time_slowed_down_is_the_sources_or_that_between_looks(exporter):
    """Both looks must have seen it."""
    own = Reading(energy_joules=1.0, clock_events=0x40, clock_event_seconds={"hw_thermal": 7.0})
    seen = Reading(energy_joules=1.0, clock_events=0x44)
    for _ in range(2):
        page = exporter.collect(a=own, b=seen)
    assert page.of(catalog.GPU_CLOCK_EVENT_SECONDS) == {
        (*A, "hw_thermal"): 7.0,
        (*B, "sw_power_cap"): 5.0, (*B, "sync_boost"): 0.0, (*B, "sw_thermal"): 0.0,
        (*B, "hw_thermal"): 5.0, (*B, "hw_power_brake"): 0.0,
    }  # fmt: skip
    page = exporter.collect(a=own, b=Reading(energy_joules=1.0, clock_events=0))
    assert page.of(catalog.GPU_CLOCK_EVENT_SECONDS)[*B, "hw_thermal"] == 5.0
    exporter.collect(reason="timeout", a=own, b=seen)
    page = exporter.collect(a=own, b=seen)
    assert page.of(catalog.GPU_CLOCK_EVENT_SECONDS)[*B, "hw_thermal"] == 5.0


def test_links_that_fail_beside_a_lost_gpu_of_the_host_are_not_judged(exporter):
    """Even where the lost one stands after them."""
    exporter.collect(a=WELL, b=WELL)
    failed = Reading(energy_joules=2.0, xids=(Xid(74, 1, WALL),))
    page = exporter.collect(a=failed, b=Reading(trouble="lost"))
    assert page.of(catalog.GPU_REASON) == {(*A, "none"): 1.0, (*B, "gpu_is_lost"): 1.0}
    page = exporter.collect(a=failed, b=Reading(energy_joules=5.0, temperature_celsius=30.0))
    assert page.of(catalog.GPU_REASON)[*A, "nvlink"] == 1.0


def test_xids_go_on_being_counted_when_the_topology_changes(exporter):
    """The core is made anew; what was counted of a GPU that is still there is not lost."""
    exporter.collect(a=Reading(energy_joules=1.0, xids=(Xid(31, 3, WALL),)), b=WELL)
    earlier = exporter.core
    exporter.core = GpuCore(exporter.topology, exporter.local, wall=lambda: WALL + exporter.now)
    exporter.core.take_over(earlier)
    page = exporter.collect(reason="timeout")
    assert page.of(catalog.GPU_XIDS)[*A, "31"] == 3
    assert page.of(catalog.GPU_SAMPLE_AGE)[A] == 5.0


def test_how_reading_goes_is_served(exporter):
    """Else a library that does not work, or a GPU in no inventory, is found out by nobody."""
    exporter.local.health = LocalHealth({"nvml": True, "dcgm": False}, {"nvml": 2, "dcgm": 5}, None)
    exporter.local.others = frozenset({"GPU-x"})
    page = exporter.collect(a=WELL, b=Reading(trouble="missing"))
    host = ("demo", "h0")
    assert page.of(catalog.GPU_BACKEND_UP) == {(*host, "nvml"): 1.0, (*host, "dcgm"): 0.0}
    assert page.of(catalog.GPU_CHILDREN) == {(*host, "nvml"): 2.0, (*host, "dcgm"): 5.0}
    found = [page.of(family) for family in (
        catalog.GPU_HOST_EXPECTED, catalog.GPU_HOST_FOUND, catalog.GPU_HOST_UNEXPECTED,
    )]  # fmt: skip
    assert found == [{host: 2.0}, {host: 1.0}, {host: 1.0}]
    assert exporter.collect(reason="timeout").of(catalog.GPU_HOST_FOUND) == {}


@pytest.mark.parametrize(
    ("follows", "expected"), [(True, {("demo", "h0"): 1.0}), (False, {("demo", "h0"): 0.0}),
                              (None, {})],
    ids=["it is read", "it cannot be read", "it is left alone"],
)  # fmt: skip
def test_whether_the_kernel_log_is_read_is_served(exporter, follows, expected):
    """Else nobody would know that XIDs come from the driver's events only."""
    exporter.local.health = replace(exporter.local.health, follows_kernel_log=follows)
    page = exporter.collect(a=Reading(energy_joules=1.0), b=Reading(energy_joules=1.0))
    assert page.of(catalog.GPU_KERNEL_LOG) == expected


@pytest.mark.parametrize(
    ("version", "served", "folded"),
    [("580.95.05", "580.95.05", 0.0), ("590.1", "590.1", 0.0), ("as you like", "other", 1.0)],
)
def test_the_driver_of_a_host_is_served_once_for_each_group(exporter, version, served, folded):
    """However many GPUs tell it; and by a number, whatever a page says."""
    driven = replace(WELL, driver_version=version)
    page = exporter.collect(a=WELL, b=driven)
    assert page.of(catalog.GPU_DRIVER) == {(*A[:5], served): 1.0}
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["gpu", "version"] == folded
    assert not exporter.collect(reason="refused").of(catalog.GPU_DRIVER)
