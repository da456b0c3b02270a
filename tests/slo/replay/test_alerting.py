"""Alerts are pending, fire and end as Prometheus 2.42 has it."""

import numpy as np
import pytest

from slo.replay.alerting import Alerts
from slo.replay.grids import Grid
from slo.rule import AlertingRule
from slo.series import Series

INTERVAL = 10


def played(held: str, failed: str = "", **timing: float) -> list[tuple]:
    """Return when an alert was active, fired and ended, whose expression held where there is an x.

    Moments are 0, 10, 20 ... s after 1,000,000 s.
    """
    times = (1_000_000 + np.arange(len(held)) * INTERVAL) * 1000
    alerts = Alerts(AlertingRule("A", "x", **timing))
    grid = Grid.of(times)
    there = np.array([each == "x" for each in held])
    alerts.add(grid, Series({"cell": "a"}, times[there], np.ones(int(there.sum()))))
    for index, each in enumerate(failed):
        grid.failed[index] = each == "!"
    grid.clear_failed()
    alerts.advance(grid)
    return [
        tuple(
            None if at is None else round(at - 1_000_000)
            for at in (each.active_at, each.firing_at, each.ended_at)
        )
        for each in alerts.firings()
    ]


@pytest.mark.parametrize(
    ("held", "timing", "expected"),
    [
        ("..xxx..", {}, [(20, 20, 50)]),
        ("..xxx..", {"for_seconds": 20}, [(20, 40, 50)]),
        ("..xxx..", {"for_seconds": 21}, [(20, None, 50)]),
        (".xx.xx", {"for_seconds": 10}, [(10, 20, 30), (40, 50, None)]),
        (".x....", {"keep_firing_for_seconds": 20}, [(10, 10, 40)]),
        (".x.x....", {"keep_firing_for_seconds": 20}, [(10, 10, 60)]),
        (".x..", {"for_seconds": 10, "keep_firing_for_seconds": 20}, [(10, None, 20)]),
    ],
)
def test_an_alert_lasts_as_its_rule_says(held: str, timing: dict, expected: list):
    """What is kept firing counts from the first moment without its expression."""
    assert expected == played(held, **timing)


def test_a_moment_at_which_the_rule_failed_changes_nothing():
    """Neither does it end, nor has it begun."""
    assert [(10, 30, None)] == played(".x.xx", failed="..!..", for_seconds=20)


def test_alerts_with_the_value_in_a_label_are_new_with_each_value():
    """That is what Prometheus makes of it."""
    times = np.array([1_000_000_000, 1_000_010_000])
    alerts = Alerts(AlertingRule("A", "x", {"value": "{{ $value }}"}))
    grid = Grid.of(times)
    alerts.add(grid, Series({}, times, np.array([1.0, 2.0])))
    alerts.advance(grid)

    assert [("1", 1_000_010.0), ("2", None)] == [
        (each.labels["value"], each.ended_at) for each in alerts.firings()
    ]


def test_two_elements_of_one_alert_fail_the_rule():
    """Its label hides what told them apart."""
    times = np.array([1_000_000_000, 1_000_010_000])
    alerts = Alerts(AlertingRule("A", "x", {"cell": "all"}))
    grid = Grid.of(times)
    alerts.add(grid, Series({"cell": "a"}, times, np.ones(2)))
    alerts.add(grid, Series({"cell": "b"}, times[1:], np.ones(1)))

    assert [False, True] == grid.failed.tolist()
