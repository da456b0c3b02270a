"""The made-up past of a cell: its own swing where it has one."""

import time

import numpy as np
import pytest

from demo.engine import Habit
from demo.stack.history import cells_of

LABELS = {"region": "eu", "model": "chat"}


def test_a_cell_that_knows_its_swing_has_it():
    """Traffic in multiples of what is usual; the same share of it is bad."""
    habit = Habit("s", LABELS, 30.0, 0.1, swing=lambda times: np.where(times < 1000, 0.5, 2.0))
    [cell] = cells_of([habit, Habit("other", LABELS, 1.0, 0.0)], "s")

    bad, total = cell.rates(np.array([0.0, 2000.0]))

    assert [15.0, 60.0] == total.tolist()
    assert [1.5, 6.0] == bad.tolist()


def test_without_one_day_and_night_pass_through_what_it_does_now():
    """The same hour of any day has the same traffic."""
    [cell] = cells_of([Habit("s", LABELS, 30.0, 0.0)], "s")
    now = time.time()

    _, total = cell.rates(now - np.arange(0, 49) * 3600.0)

    assert pytest.approx(30.0, rel=1e-3) == total[0]
    assert pytest.approx(total[0]) == total[24]
    assert total.max() > 1.5 * total.min()


@pytest.mark.parametrize("hour", [3, 14, 21])
def test_the_hours_before_were_busier_at_whatever_hour_a_demo_starts(hour, monkeypatch):
    """As on an evening: its story does not depend on the clock."""
    now = hour * 3600.0
    monkeypatch.setattr(time, "time", lambda: now)
    [cell] = cells_of([Habit("s", LABELS, 30.0, 0.0)], "s")

    _, total = cell.rates(now - np.arange(0, 7) * 3600.0)

    assert sorted(total) == list(total)
