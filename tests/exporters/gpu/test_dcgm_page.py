"""dcgm-exporter's names, served in its place."""

import pytest

from exporters.catalog import DCGM_FAMILIES, FAMILIES
from exporters.gpu.dcgm_page import DcgmPage
from exporters.gpu.readings import Reading, Xid
from exporters.gpu.telemetry import TelemetryReader
from exporters.page import Page
from exporters.rendering import Renderer
from exporters.testing import telemetry_page


@pytest.fixture
def dcgm():
    """The page of host h1."""
    return DcgmPage("h1")


def test_a_dcgm_exporters_page_read_and_served_again_is_the_same(dcgm):
    """Names, labels, units: all but the licence of a vGPU and the rate of links."""
    values = {
        "DCGM_FI_DEV_GPU_UTIL": 97, "DCGM_FI_DEV_POWER_USAGE": 612.25,
        "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": 0.41, "DCGM_FI_DEV_ENC_UTIL": 7,
        "DCGM_FI_DEV_PCIE_REPLAY_COUNTER": 5, "DCGM_FI_PROF_PCIE_TX_BYTES": 12345,
        "DCGM_FI_DEV_XID_ERRORS": 0, "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS": 3,
    }  # fmt: skip
    given = telemetry_page({"GPU-a": values})
    (reading,) = TelemetryReader().read(given.encode()).values()
    content = {name: getattr(reading, name) for name in Reading.__slots__}
    page = Page()
    dcgm.add(page, "GPU-a", Reading(**{**content, "index": 0}), now=10.0)

    def lines(text) -> set[str]:
        samples = (line.rpartition(" ") for line in text.splitlines() if line[0] != "#")
        return {f"{series} {float(value)}" for series, _, value in samples}

    missing = lines(given) - lines(Renderer().render(page))
    assert lines(Renderer().render(page)) < lines(given)
    assert {line.partition("{")[0] for line in missing} == {
        "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", "DCGM_FI_DEV_VGPU_LICENSE_STATUS",
    }  # fmt: skip


def test_the_rate_of_links_is_made_of_counters(dcgm):
    """As DCGM makes it: thousands of KiB a second. That of PCIe is read as it is."""
    for now, factor in ((10.0, 0), (12.0, 1)):
        page = Page()
        reading = Reading(
            nvlink_sent_bytes=factor * 1024.0 * 3000, nvlink_received_bytes=factor * 1024.0 * 1000,
            pcie_sent_bytes_per_second=250.0, pcie_received_bytes_per_second=350.0,
        )  # fmt: skip
        dcgm.add(page, "GPU-a", reading, now)
    found = {name: [*series.values()] for name, series in page.values.items()}
    assert found == {
        "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL": [2.0],
        "DCGM_FI_PROF_PCIE_TX_BYTES": [250.0],
        "DCGM_FI_PROF_PCIE_RX_BYTES": [350.0],
        "DCGM_FI_DEV_XID_ERRORS": [0.0],
    }


def test_a_counter_that_fell_makes_no_rate(dcgm):
    """The driver was loaded anew."""
    for now, value in ((10.0, 500.0), (12.0, 600.0), (14.0, 5.0)):
        page = Page()
        reading = Reading(nvlink_sent_bytes=value, nvlink_received_bytes=0.0)
        dcgm.add(page, "GPU-a", reading, now)
    assert "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL" not in page.values


def test_an_xid_has_its_code_and_message_as_labels(dcgm):
    """One that has no message is unknown."""
    page = Page()
    dcgm.add(page, "GPU-a", Reading(xids=(Xid(31), Xid(79))), now=1.0)
    dcgm.add(page, "GPU-b", Reading(xids=(Xid(166),)), now=1.0)
    found = {labels[-2:]: value for labels, value in page.values["DCGM_FI_DEV_XID_ERRORS"].items()}
    assert found == {("79", "GPU has fallen off the bus"): 79.0, ("166", "Unknown Error"): 166.0}


def test_the_rate_of_links_is_announced_as_what_it_is():
    """A counter's rate of a rate is nonsense."""
    kinds = {name: family.kind for name, family in DCGM_FAMILIES.items()}
    assert kinds["DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL"] == "gauge"
    assert kinds["DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"] == "counter"


def test_foreign_names_are_no_families_of_ours():
    """No rule, board or scenario of ours may ask for them."""
    assert not FAMILIES.keys() & DCGM_FAMILIES.keys()
