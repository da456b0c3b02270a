"""Whoever answers for an objective is told of its alerts: they carry the owner."""

from dataclasses import replace

import pytest

from alerts.burn import burn_alert
from alerts.owners import owner_label
from alerts.quiet import suppressed_alert
from alerts.zero_tolerance import zero_tolerance_alert
from exporters.config import Links
from slo.objective import AlertExtras, Objective
from slo.rules import AlertingRule
from tests.alerts.routing.configuring import objective


def alerts(of: Objective) -> list[AlertingRule]:
    """Return an alert of each kind that is of one objective."""
    return [
        burn_alert(of, of.tiers[0], (), Links(), 15),
        suppressed_alert(replace(of, minimum_bad_events=5), Links()),
        zero_tolerance_alert(of, 15, (), Links()),
    ]


def test_every_alert_of_an_objective_carries_its_owner():
    """Pages and tickets alike."""
    assert ["team serving"] * 3 == [each.labels["owner"] for each in alerts(objective())]


def test_without_an_owner_there_is_no_label():
    """An empty one would be none, too."""
    assert [None] * 3 == [each.labels.get("owner") for each in alerts(objective(owner=""))]


def test_a_label_of_the_series_is_not_overwritten():
    """Cells of two owners would be one: "vector contains metrics with the same labelset"."""
    grouped = replace(objective(), grouping_labels=("region", "owner"))

    assert {} == owner_label(grouped)


@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_a_label_that_users_give_their_alerts_stands_in_its_place(severity):
    """They know better who is to be told."""
    of = replace(objective(), alert_extras=(AlertExtras(severity, (("owner", "others"),)),))
    tiers = {each.severity: each for each in of.tiers}

    assert "others" == burn_alert(of, tiers[severity], (), Links(), 15).labels["owner"]
