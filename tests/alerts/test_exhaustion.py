"""When a budget will be gone: of calendars, whose periods end, and of objectives without one."""

import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from alerts.build import groups_at
from alerts.burn import burn_alert
from alerts.exhaustion import BUDGET_EXHAUSTED, has_tickets
from demo.setup.programs import find_program
from exporters.config import Links
from slo import conventions
from slo.objective import Calendar, Objective, Ratio
from slo.render import render_groups
from slo.rules import AlertingRule, RuleGroup

DAY = 86400
MONTHLY = Objective(
    name="mine",
    service="inference",
    target=Decimal("0.99"),
    period_seconds=30 * DAY,
    grouping_labels=("region",),
    indicator=Ratio("rate(a[$window])", bad="rate(b[$window])"),
    calendar=Calendar("month", 1, "2026-01-01 00:00:00", "Europe/Berlin"),
)


def gone_at(left: float, folder: Path) -> str:
    """Return what the 1 h tier says at a burn rate of 20, 10 days before the period ends."""
    alert = burn_alert(MONTHLY, MONTHLY.tiers[0], (), Links(), 15)
    shown = replace(alert, annotations={"budget_gone": alert.annotations["budget_gone"]})
    rules = render_groups([RuleGroup("test", 15, (shown,))], ["test"])
    (folder / "rules.yaml").write_text(rules)
    cell = 'slo="mine",service="inference",region="eu"'
    series = {
        f'{conventions.BURN_STATE}{{{cell},burn_tier="1h",severity="page"}}': "1x4",
        f"{conventions.BUDGET_REMAINING}{{{cell}}}": f"{left}x4",
        f'{conventions.BURN_RATE}{{{cell},window="1h"}}': "20x4",
        f'{conventions.PERIOD_END}{{slo="mine",service="inference"}}': f"{10 * DAY}x4",
    }
    test = {
        "rule_files": ["rules.yaml"],
        "tests": [
            {
                "interval": "15s",
                "input_series": [{"series": k, "values": v} for k, v in series.items()],
                "alert_rule_test": [
                    {
                        "eval_time": "15s",
                        "alertname": "ErrorBudgetBurn",
                        "exp_alerts": [],
                    }
                ],
            }
        ],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(test))
    done = subprocess.run(
        [str(find_program("promtool")), "test", "rules", "test.yaml"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return (done.stdout + done.stderr).partition('budget_gone="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (0.5, "in 18h0m"),
        (0.02, "in 43m"),
        (0.9, "in 1d8h24m"),
        (7.0, "not before the period ends"),
        (0.0, "already gone"),
        (-0.5, "already gone"),
    ],
)
def test_a_budget_lasts_its_share_of_the_period_over_the_burn_rate(
    left: float, expected: str, tmp_path: Path
):
    """30 days at a rate of 20 are 36 hours; a period that ends sooner begins with a new one."""
    assert expected == gone_at(left, tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"tiers": ()}, False),
        ({"tiers": MONTHLY.tiers[:1]}, False),
        ({"tiers": MONTHLY.tiers[-1:]}, True),
        ({"target": Decimal(1)}, False),
    ],
    ids=["usual", "none", "pages only", "tickets only", "zero tolerance"],
)
def test_who_turned_tickets_off_gets_none_of_a_spent_budget(change, expected):
    """And who allows no bad event has no budget that could be spent."""
    objective = replace(MONTHLY, **change)
    alerts = [
        rule.alert
        for group in groups_at(objective, 15, Links())
        for rule in group.rules
        if isinstance(rule, AlertingRule)
    ]

    assert expected == has_tickets(objective)
    assert expected == (BUDGET_EXHAUSTED in alerts)
