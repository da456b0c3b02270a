"""Counting XIDs: each told once, never falling."""

import pytest

from exporters.gpu.readings import Xid
from exporters.gpu.xids import XidLog

T = 1_790_000_000.0


@pytest.fixture
def log():
    """A log of one GPU."""
    return XidLog()


def total(log) -> int:
    """All events, of all codes."""
    return sum(xid.count for xid in log.xids)


@pytest.mark.parametrize("first", ["nvml", "kernel log"])
def test_what_two_sources_tell_of_is_one_event(log, first):
    """Whoever is first."""
    second = {"nvml": "kernel log", "kernel log": "nvml"}[first]
    assert log.add(79, T, first)
    assert not log.add(79, T + 0.4, second)
    assert (total(log), log.bursts) == (1, 1)


def test_the_same_code_twice_from_one_source_is_two_events(log):
    """A gauge cannot tell; a counter must."""
    assert log.add(31, T, "nvml")
    assert log.add(31, T + 0.1, "nvml")
    assert not log.add(31, T, "kernel log")
    assert not log.add(31, T + 0.1, "kernel log")
    assert log.xids == (Xid(31, count=2, last_at=T + 0.1),)


def test_two_sources_that_tell_of_one_code_far_apart_tell_of_two_events(log):
    """The event was lost while the child was replaced."""
    log.add(31, T, "nvml")
    assert log.add(31, T + 11.0, "kernel log")
    assert total(log) == 2


def test_an_old_line_is_not_the_event_of_just_now(log):
    """The log is read from its beginning, while events come."""
    log.add(31, T, "nvml")
    assert log.add(31, T - 50.0, "kernel log", is_counted=False)
    assert not log.add(31, T + 0.1, "kernel log")
    assert total(log) == 1


def test_old_reports_are_let_go(log):
    """There may be thousands."""
    for second in range(1000):
        log.add(31, T + second, "nvml")
    assert len(log._reports) <= 11


def test_three_sources_tell_of_one_event(log):
    """DCGM comes last, for it samples."""
    assert [log.add(79, T + 0.1 * n, each) for n, each in enumerate(("nvml", "kernel log", "dcgm"))
            ] == [True, False, False]  # fmt: skip
    assert log.add(79, T + 1.0, "dcgm")
    assert total(log) == 2


def test_what_is_not_counted_is_known(log):
    """An earlier run of ours may have counted it."""
    log.add(79, T, "kernel log", is_counted=False)
    assert (log.xids, log.bursts) == ((Xid(79, count=0, last_at=T),), 0)
    assert [xid.is_history for at in (T, T + 1.0) for xid in log.xids_since(at)] == [False, True]
    log.add(79, T + 999.0, "nvml")
    assert (total(log), log.bursts) == (1, 1)
    assert not log.xids_since(T + 9999.0)[0].is_history


def test_other_codes_are_other_events(log):
    """A burst has several."""
    log.add(63, T, "nvml")
    assert log.add(48, T, "kernel log")
    assert (total(log), log.bursts) == (2, 1)


def test_a_burst_ends_with_three_minutes_of_silence(log):
    """NVIDIA Fleet Intelligence groups so."""
    for at in (0.0, 170.0, 340.0, 521.0, 522.0):
        log.add(94, T + at, "nvml")
    assert (total(log), log.bursts) == (5, 2)
    assert log.xids[0].previous_at == T + 340.0


def test_what_the_log_knows_of_fatality_is_added_to_the_event(log):
    """NVML's event has the bare code."""
    log.add(149, T, "nvml")
    log.add(149, T, "kernel log", is_fatal=True)
    assert log.xids == (Xid(149, last_at=T, is_fatal=True),)


def test_the_latest_code_stands_last(log):
    """It is the one that is shown."""
    log.add(79, T + 5.0, "nvml")
    log.add(31, T, "kernel log")
    assert [xid.code for xid in log.xids] == [31, 79]
