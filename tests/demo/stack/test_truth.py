"""The truth over time: what happened between two moments, smeared as the base level is."""

import pytest

from demo.stack.truth import Truth, TruthClass, TruthRecord

CELL = ("chat-availability", (("model", "chat"), ("region", "eu")))


@pytest.fixture
def record() -> TruthRecord:
    """One bad event of two each second, from 1000 s on for 200 s."""
    record = TruthRecord()
    for second in range(201):
        labels = {"region": "eu", "model": "chat"}
        each = TruthClass("chat-availability", labels, float(second), 2.0 * second)
        record.add(Truth(1000.0 + second, (each,)))
    return record


def test_events_between_two_moments_are_counted(record: TruthRecord):
    """Also between two readings."""
    assert record.bad_between(CELL, 1010.5, 1020.0) == 9.5


def test_a_window_smears_the_end(record: TruthRecord):
    """At a constant rate the mean over a minute lags half a minute."""
    assert record.bad_between(CELL, 1000.0, 1100.0, 60) == pytest.approx(70.0)


def test_the_error_ratio_is_bad_over_all(record: TruthRecord):
    """Of the events in between only."""
    assert record.error_ratio(CELL, 1050.0, 1150.0) == 0.5


def test_a_cell_without_events_has_no_error_ratio(record: TruthRecord):
    """Neither 0 nor 1."""
    assert record.error_ratio(("other", ()), 1050.0, 1150.0) is None
    assert record.error_ratio(CELL, 1300.0, 1400.0) is None
