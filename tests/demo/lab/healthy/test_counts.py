"""Requests of healthy cells."""

import numpy as np
import pytest

from alerts.build import groups_at
from demo.lab.healthy.counts import COUNTER, HealthyCell, healthy_cells
from demo.lab.healthy.days import OBJECTIVE, START, that_page
from exporters.config import Links

CELL = HealthyCell("eu", "chat", 1, START, 7)


def test_nights_have_a_fiftieth_of_the_traffic_of_noons():
    """About, for minutes vary."""
    _, total = CELL.events
    by_hour = total.reshape(-1, 60).mean(axis=1)

    assert 50 == pytest.approx(by_hour.max() / by_hour.min(), rel=0.3)


def test_a_healthy_week_spends_about_half_of_the_budget():
    """There are errors, and fewer than the objective bears."""
    bad, total = CELL.events

    assert 0.0003 < bad.sum() / total.sum() < 0.001


def test_a_seed_gives_the_same_requests_and_another_one_others():
    """Cells of one seed differ too."""
    again, other = HealthyCell("eu", "chat", 1, START, 7), HealthyCell("eu", "chat", 2, START, 7)

    assert np.array_equal(CELL.events[1], again.events[1])
    assert not np.array_equal(CELL.events[1], other.events[1])
    assert len({each.name for each in healthy_cells(START, [1, 2], 1)}) == 8


def test_counters_begin_anew_where_a_router_is_restarted():
    """What they count between two restarts is what came."""
    for each in CELL.series():
        steps = np.diff(each.values)
        assert (steps < 0).sum() in range(1, 30)
        assert (each.values >= 0).all()
        assert COUNTER == each.labels["__name__"]


def test_of_the_rules_those_are_kept_that_a_page_reads():
    """No ticket, and nothing for one."""
    kept = that_page(groups_at(OBJECTIVE, 60, Links()))
    names = [getattr(rule, "record", None) for group in kept for rule in group.rules]
    windows = {rule.labels.get("window") for group in kept for rule in group.rules}

    assert 2 == names.count(None)
    assert {"5m", "30m", "1h", "6h"} <= windows
    assert "3d" not in windows
