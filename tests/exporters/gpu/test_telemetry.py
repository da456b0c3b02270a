"""Reading dcgm-exporter's pages."""

import pytest

from exporters.dialects import read_dialect
from exporters.exposition import PageError
from exporters.gpu import telemetry
from exporters.gpu.telemetry import Reading, TelemetryReader
from exporters.testing import telemetry_page


def read(page: str) -> telemetry.GpuReadings:
    """Read with a new reader."""
    return TelemetryReader().read(page.encode())


def test_each_gpu_of_a_page_has_its_reading_in_dcgms_units():
    """By UUID, for indices shift when a GPU is lost."""
    page = telemetry_page({"GPU-a": {}, "GPU-b": {"DCGM_FI_DEV_XID_ERRORS": 31}})
    readings = read(page)
    assert readings["GPU-a"] == Reading(
        {
            "temperature": 31.0,
            "memory_temperature": 38.0,
            "power": 76.5,
            "energy": 123456789.0,
            "utilization": 0.0,
            "tensor_active": 0.0,
            "sm_clock": 345.0,
            "memory_used": 157.0,
            "memory_free": 143000.0,
            "row_remap_failure": 0.0,
        },
        xid=0,
    )
    assert readings["GPU-b"].xid == 31


def test_every_field_that_we_read_is_one_of_the_dialects_or_a_later_name_of_one():
    """DCGM 4.6 renamed some; both names mean the same."""
    served = {family.name for family in read_dialect("dcgm_4").families}
    old = {field for name, field in telemetry.FIELDS.items() if name in served}
    new = {field for name, field in telemetry.FIELDS.items() if name not in served}
    assert old == set(telemetry.FIELDS.values())
    assert new < old


def test_names_of_dcgm_4_6_are_read_as_the_older_ones():
    """A fleet is upgraded host by host."""
    page = 'DCGM_FI_DEV_GPU_TEMP_CELSIUS{UUID="GPU-a"} 40\nDCGM_FI_DEV_XID_ERROR{UUID="GPU-a"} 0\n'
    assert read(page) == {"GPU-a": Reading({"temperature": 40.0}, xid=0)}


@pytest.mark.parametrize("label", ["UUID", "uuid", "gpu_uuid"])
def test_the_label_uuid_has_three_spellings(label):
    """By entity, and by --use-old-namespace."""
    assert read(f'DCGM_FI_DEV_GPU_TEMP{{{label}="GPU-a"}} 40\n') == {
        "GPU-a": Reading({"temperature": 40.0}, xid=0)
    }


@pytest.mark.parametrize("label", ["Hostname", "hostname"])
def test_the_label_hostname_has_two_spellings_and_needs_neither(label):
    """It was renamed in 2026; hosts are told apart by the topology."""
    page = f'DCGM_FI_DEV_GPU_TEMP{{UUID="GPU-a",{label}="h"}} 40\n'
    assert read(page) == {"GPU-a": Reading({"temperature": 40.0}, xid=0)}


def test_announcements_that_come_twice_do_no_harm():
    """dcgm-exporter announces a family once for each kind of entity."""
    page = telemetry_page({"GPU-a": {}})
    assert read(page + page.splitlines()[0] + "\n") == read(page)


def test_a_gpu_repeated_for_its_pods_is_read_once():
    """Sums over pods would count it twice."""
    page = (
        'DCGM_FI_DEV_GPU_TEMP{UUID="GPU-a",pod="x"} 40\n'
        'DCGM_FI_DEV_GPU_TEMP{UUID="GPU-a",pod="y"} 41\n'
    )
    assert read(page) == {"GPU-a": Reading({"temperature": 40.0}, xid=0)}


@pytest.mark.parametrize("blank", ["9223372036854775794", "9223372036854775792", "NaN"])
def test_a_blank_is_no_value(blank):
    """Older dcgm-exporters print DCGM's blanks as numbers."""
    page = f'DCGM_FI_DEV_GPU_TEMP{{UUID="a"}} {blank}\nDCGM_FI_DEV_POWER_USAGE{{UUID="a"}} 70\n'
    assert read(page) == {"a": Reading({"power": 70.0}, xid=0)}


def test_a_gpu_of_which_only_the_xid_is_left_has_no_values():
    """So looks one that fell off the bus, to a host engine that still runs."""
    page = 'DCGM_FI_DEV_XID_ERRORS{UUID="GPU-a",err_code="79",err_msg="..."} 79\n'
    assert read(page) == {"GPU-a": Reading({}, xid=79)}


@pytest.mark.parametrize("page", ["", "# TYPE a gauge\n", "up 1\n"])
def test_a_page_without_any_gpu_is_malformed(page):
    """dcgm-exporter serves an empty page with status 200 while it reloads: nobody is lost then."""
    with pytest.raises(PageError, match="found no GPU"):
        read(page)
