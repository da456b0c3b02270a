"""Every alert is expected by a scenario, or it is said why none can show it."""

from alerts.runbooks import runbook_names
from alerts.unseen import UNSEEN
from demo.scenario import find_scenario, read_scenario, scenario_names


def test_an_alert_is_expected_by_a_scenario_or_said_not_to_be():
    """And not both: a reason that no longer holds would hide that a scenario is gone."""
    expected = {
        each.alert
        for name in scenario_names()
        for each in read_scenario(find_scenario(name)).expect
    }

    assert sorted(runbook_names()) == sorted([*expected, *UNSEEN])
