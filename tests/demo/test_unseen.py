"""Every alert is expected by a scenario, or it is said why none can show it."""

from pathlib import Path

import pytest
import yaml

from alerts.runbooks import runbook_names
from alerts.unseen import UNSEEN
from demo.scenario import find_scenario, read_scenario, scenario_names

ROOT = Path(__file__).resolve().parents[2]


def test_an_alert_is_expected_by_a_scenario_or_said_not_to_be():
    """And not both: a reason that no longer holds would hide that a scenario is gone."""
    expected = {
        each.alert
        for name in scenario_names()
        for each in read_scenario(find_scenario(name)).expect
    }

    assert sorted(runbook_names()) == sorted([*expected, *UNSEEN])


@pytest.mark.parametrize("name", sorted(UNSEEN))
def test_an_alert_that_no_scenario_shows_fires_in_a_test_of_rules(name: str):
    """With labels of its own: promtool would fail that test if it did not fire."""
    content = yaml.safe_load((ROOT / UNSEEN[name].test).read_text(encoding="utf-8"))

    fires = [
        alert
        for test in content["tests"]
        for alert in test.get("alert_rule_test", [])
        if alert["alertname"] == name and alert.get("exp_alerts")
    ]

    assert fires
