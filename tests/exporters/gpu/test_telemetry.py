"""Reading dcgm-exporter's pages."""

import contextlib
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporters.dialects import read_dialect
from exporters.exposition import PageError
from exporters.gpu import dcgm_fields, telemetry
from exporters.gpu.readings import GpuReadings, MigInstance, Reading, Xid
from exporters.gpu.telemetry import TelemetryReader
from exporters.testing import telemetry_page


def read(page: str) -> GpuReadings:
    """Read with a new reader."""
    return TelemetryReader().read(page.encode())


def test_each_gpu_of_a_page_has_its_reading_in_dcgms_units():
    """By UUID, for indices shift when a GPU is lost."""
    page = telemetry_page({"GPU-a": {}, "GPU-b": {"DCGM_FI_DEV_XID_ERRORS": 31}})
    readings = read(page)
    assert readings["GPU-a"] == Reading(
        pci_bus_id="00000000:00:00.0",
        model_name="NVIDIA H200",
        driver_version="590.48.01",
        sm_clock_hertz=345e6,
        memory_clock_hertz=3201e6,
        memory_temperature_celsius=38.0,
        temperature_celsius=31.0,
        power_watts=76.5,
        energy_joules=123456.789,
        pcie_replays=0.0,
        utilization_ratio=0.0,
        copy_utilization_ratio=0.0,
        encoder_utilization_ratio=0.0,
        decoder_utilization_ratio=0.0,
        memory_free_bytes=143000 * 1024.0**2,
        memory_used_bytes=157 * 1024.0**2,
        memory_reserved_bytes=614 * 1024.0**2,
        remapped_rows_correctable=0.0,
        remapped_rows_uncorrectable=0.0,
        row_remap_failure=0.0,
        graphics_active_ratio=0.0,
        tensor_active_ratio=0.0,
        memory_active_ratio=0.0,
        pcie_sent_bytes_per_second=0.0,
        pcie_received_bytes_per_second=0.0,
    )
    assert readings["GPU-b"].xids == (Xid(31),)


def test_every_field_of_the_default_set_is_read_but_two():
    """NVLink's bandwidth is announced as what it is not; nobody needs a vGPU's licence here."""
    served = {family.name: family.field for family in read_dialect("dcgm_4").families}
    assert {449, 526} == {
        number for name, number in served.items() if name not in dcgm_fields.FIELD_OF_NAME
    }
    for name, number in served.items():
        if field := dcgm_fields.FIELD_OF_NAME.get(name):
            assert number == field.number


def test_no_field_has_two_rows_and_each_fills_a_place_of_a_reading():
    """A typing mistake would be a value that nobody sees."""
    numbers = [field.number for field in dcgm_fields.FIELDS]
    places = [field.of.partition(".")[0] for field in dcgm_fields.FIELDS]
    assert len(set(numbers)) == len(numbers)
    assert set(places) - {"xid"} <= set(Reading.__slots__)


def test_parts_of_a_gpu_are_told_and_what_they_share_is_the_gpus():
    """Where MIG is on, dcgm-exporter has nothing but the parts."""
    labels = 'UUID="GPU-a",GPU_I_PROFILE="1g.18gb"'
    page = "".join(
        f'DCGM_FI_DEV_GPU_TEMP{{{labels},GPU_I_ID="{part}"}} 40\n'
        f'DCGM_FI_DEV_FB_USED{{{labels},GPU_I_ID="{part}"}} 100\n'
        for part in (3, 4)
    )
    assert read(page) == {
        "GPU-a": Reading(
            temperature_celsius=40.0,
            mig=(MigInstance(3, 0, "1g.18gb"), MigInstance(4, 0, "1g.18gb")),
        )
    }


def test_names_of_dcgm_4_6_are_read_as_the_older_ones():
    """A fleet is upgraded host by host."""
    page = 'DCGM_FI_DEV_GPU_TEMP_CELSIUS{UUID="GPU-a"} 40\nDCGM_FI_DEV_XID_ERROR{UUID="GPU-a"} 0\n'
    assert read(page) == {"GPU-a": Reading(temperature_celsius=40.0)}


@pytest.mark.parametrize("label", ["UUID", "uuid", "gpu_uuid"])
def test_the_label_uuid_has_three_spellings(label):
    """By entity, and by --use-old-namespace."""
    assert read(f'DCGM_FI_DEV_GPU_TEMP{{{label}="GPU-a"}} 40\n') == {
        "GPU-a": Reading(temperature_celsius=40.0)
    }


@pytest.mark.parametrize("label", ["Hostname", "hostname"])
def test_the_label_hostname_has_two_spellings_and_needs_neither(label):
    """It was renamed in 2026; hosts are told apart by the topology."""
    page = f'DCGM_FI_DEV_GPU_TEMP{{UUID="GPU-a",{label}="h"}} 40\n'
    assert read(page) == {"GPU-a": Reading(temperature_celsius=40.0)}


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
    assert read(page) == {"GPU-a": Reading(temperature_celsius=40.0)}


BLANKS = {
    f"{kind}, {why}": f"{first + number}{'.000000' if kind == 'fp64' else ''}"
    for kind, first in (("int32", 2**31 - 16), ("int64", 2**63 - 16), ("fp64", 2**47))
    for number, why in enumerate(("blank", "not found", "not supported", "not permitted"))
}


@pytest.mark.parametrize("blank", [*BLANKS.values(), "NaN", "-1000", "+Inf"], ids=[*BLANKS, *"NIm"])
@pytest.mark.parametrize("field", dcgm_fields.FIELDS, ids=lambda field: field.names[0])
def test_a_blank_of_any_type_is_no_value_of_any_field(field, blank):
    """Older dcgm-exporters print DCGM's blanks as numbers, and widen those of narrow types."""
    other = "DEV_POWER_USAGE" if field.of != "power_watts" else "DEV_GPU_TEMP"
    page = f'{field.names[0]}{{UUID="a"}} {blank}\nDCGM_FI_{other}{{UUID="a"}} 70\n'
    (seen,) = read(page).values()
    assert len(seen.measured) == 1
    assert (seen.xids, seen.clock_events, seen.recovery_action, seen.nvlink_errors) == (
        (), None, None, None,
    )  # fmt: skip
    assert (seen.fabric_state, seen.fabric_health) == (None, None)


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [("DEV_TOTAL_ENERGY_CONSUMPTION", 2.0**47 + 1024, "energy_joules", (2.0**47 + 1024) / 1000),
     ("PROF_PCIE_TX_BYTES", 2.0**31, "pcie_sent_bytes_per_second", 2.0**31),
     ("DEV_GPU_TEMP", -20.0, "temperature_celsius", -20.0),
     ("DEV_GPU_UTIL", 100.0, "utilization_ratio", 1.0)],
)  # fmt: skip
def test_what_only_looks_like_a_blank_is_a_value(name, value, attribute, expected):
    """Energies and rates go through what is a blank elsewhere."""
    (seen,) = read(f'DCGM_FI_{name}{{UUID="a"}} {value!r}\n').values()
    assert getattr(seen, attribute) == expected


def test_a_page_whose_fields_are_all_blank_shows_no_gpu():
    """So does an older dcgm-exporter tell that its DCGM is blind."""
    lines = telemetry_page({"GPU-a": {}, "GPU-b": {}}).splitlines()
    blank = [
        line if line.startswith("#") else f"{line.rpartition(' ')[0]} 9223372036854775792"
        for line in lines
    ]
    assert read("\n".join(blank) + "\n") == {}


def test_a_page_that_ends_too_early_is_not_whole():
    """A line is as good as another: the families that it lacks tell."""
    reader = TelemetryReader()
    lines = telemetry_page({"GPU-a": {}, "GPU-b": {}}).encode().splitlines(keepends=True)
    for end in range(3, len(lines)):
        assert reader.read(b"".join(lines)).is_whole
        cut = reader.read(b"".join(lines[:end]))
        assert cut.keys() == {"GPU-a", "GPU-b"} or not cut.is_whole, end


def test_families_that_are_gone_for_good_are_not_missed():
    """dcgm-exporter was told to serve fewer; nor are those of a profiler's."""
    reader = TelemetryReader()
    page = telemetry_page({"GPU-a": {}})
    fewer = "".join(
        line for line in page.splitlines(keepends=True) if "DCGM_FI_DEV_GPU_TEMP" not in line
    )
    unprofiled = "".join(line for line in page.splitlines(keepends=True) if "_PROF_" not in line)
    assert reader.read(page.encode()).is_whole
    assert reader.read(unprofiled.encode()).is_whole
    found = [reader.read(fewer.encode()).is_whole for _ in range(telemetry.PAGES_OF_A_CHANGE + 1)]
    assert found == [False] * (telemetry.PAGES_OF_A_CHANGE - 1) + [True, True]


def test_pods_are_told_by_namespace_and_name():
    """A GPU that is shared has several; what is no name is none."""
    page = "".join(
        f'DCGM_FI_DEV_GPU_TEMP{{UUID="GPU-a",{labels}}} 40\n'
        for labels in ('namespace="llm",pod="vllm-0"', 'pod_namespace="llm",pod_name="vllm-1"',
                       'namespace="",pod=""', 'namespace="l m",pod="x"')
    )  # fmt: skip
    assert read(page)["GPU-a"].pods == ("llm/vllm-0", "llm/vllm-1")


def test_a_gpu_of_which_only_the_xid_is_left_has_no_values():
    """So looks one that fell off the bus, to a host engine that still runs."""
    page = 'DCGM_FI_DEV_XID_ERRORS{UUID="GPU-a",err_code="79",err_msg="..."} 79\n'
    assert read(page) == {"GPU-a": Reading(xids=(Xid(79),))}


@pytest.mark.parametrize("page", ["up 1\n", "DCGM_FI_DEV_GPU_UTIL\nup 1\n", "<html></html>\n"])
def test_a_page_of_somebody_else_is_malformed(page):
    """Nobody is lost for it."""
    with pytest.raises(PageError):
        read(page)


@pytest.mark.parametrize("page", ["", "# TYPE a gauge\n", "DCGM_FI_DEV_VGPU_LICENSE_STATUS 0\n"])
def test_a_page_without_any_gpu_shows_none(page):
    """So it is while dcgm-exporter reloads, and once its DCGM is blind."""
    assert (read(page), read(page).is_whole) == ({}, True)


def test_parts_of_a_page_that_lies_are_few_and_have_bounded_names():
    """Labels of ours do not come from anywhere."""
    page = "".join(
        f'DCGM_FI_DEV_GPU_TEMP{{UUID="a",GPU_I_ID="{number}",GPU_I_PROFILE="x {number}"}} 40\n'
        for number in (*range(100), "seven", 10**9)
    )
    parts = read(page)["a"].mig
    assert len(parts) == telemetry.MOST_PARTS
    assert {part.profile for part in parts} == {"other"}


@given(
    st.dictionaries(
        st.sampled_from(sorted(dcgm_fields.FIELD_OF_NAME)),
        st.one_of(st.floats(), st.integers(-(10**20), 10**20).map(float)),
    )
)
@example({"DCGM_FI_DEV_FB_FREE": -1.7e302})  # times a MiB
def test_no_value_can_stop_the_reading(values):
    """Not NaN, nor what no enumeration has; what is read is finite."""
    page = "".join(f'{name}{{UUID="a"}} {value}\n' for name, value in values.items())
    with contextlib.suppress(PageError):
        for reading in read(page).values():
            assert all(math.isfinite(value) for value in reading.measured.values())
