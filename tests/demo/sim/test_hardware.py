"""GPUs, and what dcgm-exporter shows of them."""

import re
from itertools import pairwise

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.sim.hardware import FIELDS
from demo.sim.pages import Pages
from exporters.dialects import read_dialect
from exporters.gpu.telemetry import TelemetryReader
from exporters.gpu.verdict import judge

XID = "DCGM_FI_DEV_XID_ERRORS"


@pytest.fixture
def page_of(warm):
    """Reads a host's page: samples by family and UUID."""
    pages = Pages(warm.cluster)

    def read(host):
        text = pages.host(warm.state, warm.cluster.hosts.index(host)).decode()
        return {
            family.name: {sample.labels["UUID"]: sample for sample in family.samples}
            for family in text_string_to_metric_families(text)
        }

    return read


def _value(page, family, uuid):
    return page[family][uuid].value


def test_the_page_has_the_families_of_the_dialect_with_their_labels(page_of):
    """In its order."""
    page = page_of("eu-chat-0-h0")
    families = read_dialect("dcgm_4").families
    assert list(page) == [family.name for family in families]
    for family in families:
        for sample in page[family.name].values():
            assert tuple(sample.labels) == family.labels


def test_labels_and_numbers_are_written_as_dcgm_exporter_writes_them(warm):
    """Watts with six digits, percent without a point, one HELP and TYPE a family."""
    text = Pages(warm.cluster).host(warm.state, 0).decode()
    line = re.search(r"^DCGM_FI_DEV_POWER_USAGE\{.*$", text, re.MULTILINE)
    assert line
    assert re.fullmatch(
        r'DCGM_FI_DEV_POWER_USAGE\{gpu="0",UUID="GPU-eu-chat-0-0-0",pci_bus_id="00000000:1B:00\.0",'
        r'device="nvidia0",modelName="NVIDIA H200",hostname="eu-chat-0-h0",'
        r'DCGM_FI_DRIVER_VERSION="[\d.]+"\} \d+\.\d{6}',
        line[0],
    )
    assert re.search(r"^DCGM_FI_DEV_GPU_UTIL\{.*\} \d+$", text, re.MULTILINE)
    assert text.count("# TYPE DCGM_FI_DEV_GPU_UTIL gauge\n") == 1
    assert re.search(rf'^{XID}\{{.*err_code="0",err_msg="No Error"\}} 0$', text, re.MULTILINE)


def test_a_gpu_at_work_draws_what_an_h200_draws(page_of):
    """About 60 % of its limit while it decodes."""
    page, uuid = page_of("eu-chat-0-h0"), "GPU-eu-chat-0-0-0"
    assert 350 < _value(page, "DCGM_FI_DEV_POWER_USAGE", uuid) < 500
    assert 40 < _value(page, "DCGM_FI_DEV_GPU_TEMP", uuid) < 65
    assert 85 <= _value(page, "DCGM_FI_DEV_GPU_UTIL", uuid) <= 100
    assert 0.1 < _value(page, "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", uuid) < 0.3
    memory = sum(_value(page, f"DCGM_FI_DEV_FB_{part}", uuid) for part in ("USED", "FREE"))
    assert memory * 2**20 == pytest.approx(150.1e9, rel=0.001)


def test_no_two_gpus_are_alike(warm):
    """Equal GPUs would hide a wrong join."""
    watts = warm.state.hardware.seen[FIELDS.index("DCGM_FI_DEV_POWER_USAGE")]
    assert len(set(watts.tolist())) == len(watts)


def test_energy_is_power_over_time(warm):
    """Whoever divides the counter by time gets watts."""
    hardware, seconds = warm.state.hardware, 20
    before = hardware.millijoules.copy()
    warm.steps(seconds)
    watts = (hardware.millijoules - before) / seconds / 1000
    assert watts == pytest.approx(hardware.watts, rel=0.2)


def test_of_a_lost_gpu_only_the_xid_is_left(warm, page_of):
    """DCGM leaves blanks out without a word, and keeps the last XID."""
    warm.strike("lost-gpu", group="eu-chat-0", uuid="GPU-eu-chat-0-1-1")
    warm.steps(5)
    page = page_of("eu-chat-0-h1")
    with_it = [name for name, samples in page.items() if "GPU-eu-chat-0-1-1" in samples]
    assert with_it == [XID]
    sample = page[XID]["GPU-eu-chat-0-1-1"]
    assert sample.value == 79
    assert sample.labels["err_code"] == "79"
    assert sample.labels["err_msg"] == "GPU has fallen off the bus"
    assert all("GPU-eu-chat-0-1-0" in samples for samples in page.values())


def test_its_peers_spin_at_full_use_with_little_power(warm, page_of):
    """They wait in a collective: utilisation alone says that all is well."""
    warm.strike("lost-gpu", group="eu-chat-0", uuid="GPU-eu-chat-0-1-1")
    warm.steps(120)
    for host, uuid in (
        ("eu-chat-0-h1", "GPU-eu-chat-0-1-0"),
        ("eu-chat-0-h0", "GPU-eu-chat-0-0-0"),
    ):
        page = page_of(host)
        assert _value(page, "DCGM_FI_DEV_GPU_UTIL", uuid) == 100
        assert _value(page, "DCGM_FI_DEV_POWER_USAGE", uuid) < 250
        assert _value(page, "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", uuid) == 0
        assert _value(page, "DCGM_FI_DEV_GPU_TEMP", uuid) < 45


def test_after_the_repair_the_page_is_whole_again(warm, page_of):
    """While the engine loads its weights, memory fills and nothing runs."""
    fault = warm.strike("lost-gpu", group="eu-chat-0", uuid="GPU-eu-chat-0-1-1")
    warm.steps(10)
    warm.repair(fault)
    warm.steps(10)
    page = page_of("eu-chat-0-h1")
    assert all(len(samples) == 2 for samples in page.values())
    assert page[XID]["GPU-eu-chat-0-1-1"].value == 79  # DCGM keeps it
    assert _value(page, "DCGM_FI_DEV_GPU_UTIL", "GPU-eu-chat-0-1-1") == 0  # its engine loads
    assert 0 < _value(page, "DCGM_FI_DEV_FB_USED", "GPU-eu-chat-0-1-1") < 120_000


def test_after_the_repair_the_exporter_says_healthy_though_the_xid_stays(warm):
    """And at a second loss that it is lost again, under the same XID."""
    uuid = "GPU-eu-chat-0-1-1"
    pages, reader = Pages(warm.cluster), TelemetryReader()
    host = warm.cluster.hosts.index("eu-chat-0-h1")
    verdict, states = None, []
    for step in range(60):
        if step in (10, 40):
            fault = warm.strike("lost-gpu", group="eu-chat-0", uuid=uuid)
        if step == 25:
            warm.repair(fault)
        warm.steps(1)
        if step % 5 == 4:
            readings = reader.read(pages.host(warm.state, host))
            verdict = judge(readings[uuid], verdict, float(step))
            states.append((verdict.state, verdict.reason, verdict.xid))
    assert states == [
        *[("healthy", "none", 0)] * 2,
        *[("lost", "xid_79", 79)] * 3,
        *[("healthy", "none", 79)] * 3,
        ("degraded", "starting", 79),
        *[("lost", "absent", 79)] * 3,
    ]


def test_hosts_collect_every_five_seconds_and_not_all_at_once(warm):
    """A page between two collections is the same page."""
    pages = Pages(warm.cluster)
    seen = {host: [] for host in range(len(warm.cluster.hosts))}
    for _ in range(20):
        warm.steps(1)
        for host, texts in seen.items():
            texts.append(pages.host(warm.state, host))
    fresh = np.array([[one != two for one, two in pairwise(texts)] for texts in seen.values()])
    assert (fresh[:, 5:].sum(axis=1) <= 3).all()
    assert (fresh[:, :15].sum(axis=1) == 3).all()
    assert len({tuple(row[:5]) for row in fresh.tolist()}) == 5


def test_the_interval_of_collections_is_an_option(make_run):
    """dcgm-exporter's own default is 30 s."""
    run = make_run(dcgm_interval=30.0)
    run.steps(40)
    run.strike("lost-gpu", group="eu-chat-0", uuid="GPU-eu-chat-0-0-0")
    collected = []
    for _ in range(30):
        run.steps(1)
        collected.append(bool(run.state.hardware.seen_lost[0]))
    assert collected[:5] == [False] * 5
    assert collected[-1]
