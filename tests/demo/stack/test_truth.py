"""The truth over time: what happened between two moments, smeared as the base level is."""

from itertools import pairwise

import pytest

from demo.stack.truth import ActiveFault, Truth, TruthClass, TruthRecord, read_truth

CELL = ("chat-availability", (("model", "chat"), ("region", "eu")))


@pytest.fixture
def record() -> TruthRecord:
    """One bad event of two each second, from 1000 s on for 200 s."""
    record = TruthRecord()
    for second in range(201):
        record.add(1000.0 + second, {CELL: (float(second), 2.0 * second)})
    return record


def test_events_between_two_moments_are_counted(record: TruthRecord):
    """Also between two readings."""
    assert record.bad_between(CELL, 1010.5, 1020.0) == 9.5


def test_a_window_smears_the_end(record: TruthRecord):
    """At a constant rate the mean over a minute lags half a minute."""
    assert record.bad_between(CELL, 1000.0, 1100.0, 60) == pytest.approx(70.0)


def test_a_window_that_reaches_back_before_the_start_counts_nothing_there(record: TruthRecord):
    """Ten seconds after the start, a window of a minute holds ten, most of its time none."""
    assert record.bad_between(CELL, 1100.0, 1110.0, 60) == pytest.approx(10 * 10 / 2 / 60, rel=0.1)


def test_the_error_ratio_is_bad_over_all(record: TruthRecord):
    """Of the events in between only."""
    assert record.error_ratio(CELL, 1050.0, 1150.0) == 0.5


def test_a_cell_without_events_has_no_error_ratio(record: TruthRecord):
    """Neither 0 nor 1."""
    assert record.error_ratio(("other", ()), 1050.0, 1150.0) is None
    assert record.error_ratio(CELL, 1300.0, 1400.0) is None


def test_all_events_are_counted_as_the_bad_ones_are(record: TruthRecord):
    """Twice as many here."""
    assert record.total_between(CELL, 1000.0, 1100.0, 60) == pytest.approx(140.0)


def test_a_cell_that_comes_later_had_nothing_before():
    """Its first events are counted too."""
    record = TruthRecord()
    record.add(1000.0, {})
    record.add(1010.0, {CELL: (1.0, 10.0)})
    assert record.bad_between(CELL, 1000.0, 1010.0) == 1.0


def test_of_what_is_old_a_minute_has_one_moment():
    """All of the last half hour are kept, and the first; sums over hours are what they were."""
    record = TruthRecord()
    for second in range(4 * 3600 + 1):
        record.add(1000.0 + second, {CELL: (second**2 / 1e4, 2.0 * second)})
    end = 1000.0 + 4 * 3600
    gaps = [later - earlier for earlier, later in pairwise(record.times)]
    assert (record.times[0], record.times[-1]) == (1000.0, end)
    assert gaps == [60.0] * 210 + [1.0] * 1800
    assert len(record.bad[CELL]) == len(record.total[CELL]) == len(record.times)
    assert record.bad_between(CELL, 1000.0, end) == (4 * 3600) ** 2 / 1e4
    assert record.total_between(CELL, 1000.0 + 90, end) == 2 * (4 * 3600 - 90)


def test_old_moments_that_are_far_apart_are_kept():
    """An engine may have been silent for minutes."""
    record = TruthRecord()
    times = [1000.0, 1200.0, 1230.0, 1250.0, 1400.0, 9000.0]
    for time in times:
        record.add(time, {CELL: (time, time)})
    assert record.times == [1000.0, 1200.0, 1250.0, 1400.0, 9000.0]
    assert record.bad[CELL] == record.times


def test_the_answer_of_an_engine_is_read():
    """As the control interface gives it."""
    labels = {"region": "eu", "model": "chat"}
    place = {"group": "g", "uuid": "GPU-1"}
    answer = {
        "time": 1010.0,
        "started": 1000.0,
        "classes": [{"slo": "s", "labels": labels, "bad": 1.0, "total": 9.0, "reasons": {}}],
        "services": [],
        "faults": [
            {"id": "1", "name": "lost-gpu", "place": place, "strength": None, "since": 1005.0}
        ],
        "groups": {"g": "dead"},
        "gpus": {"GPU-1": "lost"},
    }
    assert read_truth(answer) == Truth(
        1010.0,
        (TruthClass("s", labels, 1.0, 9.0),),
        (ActiveFault("lost-gpu", place, None, 1005.0),),
        {"g": "dead"},
        {"GPU-1": "lost"},
    )
