"""The kernel's log, line by line."""

import asyncio
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.gpu.kernel_log import KernelLog, LogEvent, LogParser, pci_key

BOOT = 1_790_000_000.0


def parse(*texts: str) -> list[LogEvent]:
    """Return the events of some records, a second apart."""
    parser = LogParser(BOOT)
    found = [
        parser.parse(f"4,{number},{number}000000,-;{text}") for number, text in enumerate(texts)
    ]
    return [event for event in found if event]


FORMS = {
    "an XID": (
        "NVRM: Xid (PCI:0000:9b:00): 119, pid=2024380, name=nvidia-smi, Timeout after 6s of "
        "waiting for RPC response from GPU4 GSP!",
        LogEvent("0:9b:0", 119, BOOT)),
    "an XID with a function, as some drivers write": (
        "NVRM: Xid (PCI:0000:9b:00.0): 31, pid=1", LogEvent("0:9b:0", 31, BOOT)),
    "a GPU in another domain": (
        "NVRM: Xid (PCI:0009:01:00): 48, pid='<unknown>'", LogEvent("9:1:0", 48, BOOT)),
    "NVLink 5, fatal": (
        "NVRM: Xid (PCI:0018:01:00): 149, NETIR_LINK_EVT Fatal XC0 i0 Link 08 (0x004505c6 0x0)",
        LogEvent("18:1:0", 149, BOOT, is_fatal=True)),
    "NVLink 5, not fatal": (
        "NVRM: Xid (PCI:0018:01:00): 145, RLW_SRC_TRACK Nonfatal XC0 i0 Link 08 (0x1 0x0)",
        LogEvent("18:1:0", 145, BOOT, is_fatal=False)),
    "fallen off the bus, without an XID": (
        "NVRM: GPU 0000:a1:00.0: GPU has fallen off the bus.", LogEvent("0:a1:0", 79, BOOT)),
    "not responding, in one record": (
        "NVRM: The NVIDIA GPU 0000:b3:00.0\\x0aNVRM: (PCI ID: 10de:26b5) installed in this system "
        "has\\x0aNVRM: fallen off the bus and is not responding to commands.",
        LogEvent("0:b3:0", 79, BOOT)),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS.keys())
def test_each_form_is_understood(text, expected):
    """As the driver writes them."""
    assert parse(text) == [expected]


def test_a_message_over_three_records_is_one_event():
    """Where the kernel cuts it at its line breaks; others may come between."""
    assert parse(
        "NVRM: The NVIDIA GPU 0000:b3:00.0",
        "NVRM: (PCI ID: 10de:26b5) installed in this system has",
        "usb 1-1: new device",
        "NVRM: fallen off the bus and is not responding to commands.",
        "NVRM: fallen off the bus and is not responding to commands.",
    ) == [LogEvent("0:b3:0", 79, BOOT + 3.0)]


def test_the_lines_of_one_graphics_exception_are_one_event():
    """As an H200 wrote them (driver 580.159.04); the next exception is another event."""
    parser = LogParser(BOOT)
    lines = (
        (73_496_513, "13, Graphics SM Warp Exception on (GPC 0, TPC 3, SM 0): Misaligned Address"),
        (73_497_975, "13, Graphics Exception: ESR 0x508730=0x500000f 0x508734=0x0"),
        (73_499_536, "13, pid=626, name=xid, Graphics Exception: channel 0x0000001e"),
        (77_803_939, "13, Graphics SM Warp Exception on (GPC 0, TPC 3, SM 0): Misaligned Address"),
    )
    found = [parser.parse(f"4,1,{at},-;NVRM: Xid (PCI:0000:00:06): {text}") for at, text in lines]
    first, second = (LogEvent("0:0:6", 13, BOOT + at) for at in (73.496513, 77.803939))
    assert found == [first, None, None, second]


def test_lines_close_together_are_events_of_their_own_else():
    """Of another GPU, or of a code that has one line for each event."""
    parser = LogParser(BOOT)
    lines = ("00:06): 13, a", "00:07): 13, a", "00:06): 63, a", "00:06): 63, a")
    found = [parser.parse(f"4,1,1000000,-;NVRM: Xid (PCI:0000:{text}") for text in lines]
    assert [(event.pci, event.code) for event in found if event] == [
        ("0:0:6", 13), ("0:0:7", 13), ("0:0:6", 63), ("0:0:6", 63)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "record",
    ["", "no record", "6,1,2,-;usb 1-1: new device", "6,1,2,-;NVRM: loading NVIDIA UNIX Module",
     "6,1,2,-;NVRM: Xid (PCI:zz): 79", "6,1,2,-;someone says GPU has fallen off the bus"],
)  # fmt: skip
def test_all_else_is_no_event(record):
    """Not even what looks like one."""
    assert LogParser(BOOT).parse(record) is None


@given(
    st.lists(
        st.one_of(
            st.text(max_size=80),
            st.from_regex(r"\d,\d+,\d+,-;NVRM: Xid \(PCI:.*\): \d+.*", fullmatch=True),
            st.from_regex(r"4,1,\d+,-;NVRM: (The NVIDIA )?GPU [0-9a-f:.]{1,20}.*", fullmatch=True),
        ),
        max_size=5,
    )
)
def test_no_record_can_stop_the_reading(records):
    """Whatever a kernel, or somebody with the right to write to its log, says."""
    parser = LogParser(BOOT)
    for record in records:
        event = parser.parse(record)
        assert event is None or event.code < 10**6


@pytest.mark.parametrize("bus_id", ["00000000:9B:00.0", "0000:9b:00.0", "0000:9b:00"])
def test_nvml_and_the_kernel_spell_places_differently(bus_id):
    """One spelling compares them."""
    assert pci_key(bus_id) == "0:9b:0"


async def test_a_log_is_followed_as_it_grows(tmp_path):
    """Lines of properties after a record are none of ours; what is new has the time of day."""
    os.mkfifo(tmp_path / "kmsg")
    writing = os.open(tmp_path / "kmsg", os.O_RDWR)
    os.write(writing, b"4,1,1000000,-;NVRM: Xid (PCI:0000:9b:00): 8\n")
    found: asyncio.Queue[LogEvent] = asyncio.Queue()
    log = KernelLog(found.put_nowait, tmp_path / "kmsg")
    assert not log.is_open
    assert log.open()
    assert log.is_open
    event = await asyncio.wait_for(found.get(), 10.0)
    assert (event.code, time.time() - event.at > time.monotonic() - 2.0) == (8, True)
    for code in (31, 79):
        os.write(writing, f"4,1,1,-;NVRM: Xid (PCI:0000:9b:00): {code}\n SUBSYSTEM=pci\n".encode())
        event = await asyncio.wait_for(found.get(), 10.0)
        assert (event.code, abs(time.time() - event.at) < 10.0) == (code, True)
    log.close()
    assert not log.is_open
    os.close(writing)


async def test_a_log_that_cannot_be_read_is_done_without(tmp_path):
    """In a container, or without the rights; NVML's events remain."""
    log = KernelLog(lambda _: None, tmp_path / "kmsg")
    assert not log.open()
    assert not log.is_open
    log.close()
