"""What a spec of Sloth's says of its alerts holds for the alerts that shardwatch builds of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.build import groups_at
from exporters.config import Links
from slo.objectives import ObjectiveFile, read_objective_files
from slo.rules import AlertingRule

QUERY = "sum by (region) (rate(requests_total{%s}[{{.window}}]))"


def alerts_of(alerting: dict[str, Any], folder: Path) -> list[AlertingRule]:
    """Return the alerts in the groups of a spec's only objective."""
    spec = {
        "version": "prometheus/v1",
        "service": "shop",
        "labels": {"department": "sales"},
        "slos": [
            {
                "name": "requests",
                "objective": 99.9,
                "sli": {
                    "events": {
                        "error_query": QUERY % 'code=~"5.."',
                        "total_query": QUERY % "",
                    }
                },
                "alerting": alerting,
            }
        ],
    }
    file = folder / "shop.yaml"
    file.write_text(yaml.safe_dump(spec))
    [objective] = read_objective_files([ObjectiveFile(file, file.name)])
    groups = groups_at(objective, 15, Links())
    return [rule for group in groups for rule in group.rules if isinstance(rule, AlertingRule)]


def test_a_severitys_labels_stand_over_those_of_all_and_so_do_annotations(tmp_path: Path):
    """In Sloth's order; the alert's own labels stay."""
    alerts = alerts_of(
        {
            "labels": {"team": "serving", "channel": "quiet"},
            "annotations": {"summary": "It burns.", "wiki": "http://wiki"},
            "page_alert": {"labels": {"channel": "loud"}, "annotations": {"summary": "Get up."}},
        },
        tmp_path,
    )

    told = {
        alert.labels["severity"]: (
            alert.labels["department"],
            alert.labels["team"],
            alert.labels["channel"],
            alert.annotations["summary"],
            alert.annotations["wiki"],
        )
        for alert in alerts
        if alert.alert == "ErrorBudgetBurn"
    }
    assert {
        "page": ("sales", "serving", "loud", "Get up.", "http://wiki"),
        "ticket": ("sales", "serving", "quiet", "It burns.", "http://wiki"),
    } == told


def test_the_ticket_of_a_spent_budget_is_routed_as_its_other_tickets(tmp_path: Path):
    """Its labels are theirs; what it says is not what they say."""
    alerts = alerts_of(
        {"ticket_alert": {"labels": {"channel": "quiet"}, "annotations": {"summary": "Slow."}}},
        tmp_path,
    )

    [spent] = [each for each in alerts if each.alert == "BudgetExhausted"]
    assert {"severity": "ticket", "department": "sales", "channel": "quiet"} == spent.labels
    assert spent.annotations["summary"].startswith("shop-requests has spent its error budget")


@pytest.mark.parametrize(
    ("disabled", "expected"),
    [
        (("ticket_alert",), {("ErrorBudgetBurn", "page")}),
        (("page_alert",), {("ErrorBudgetBurn", "ticket"), ("BudgetExhausted", "ticket")}),
        (("page_alert", "ticket_alert"), set()),
    ],
)
def test_a_severity_that_is_turned_off_has_no_alert_at_all(
    disabled: tuple[str, ...], expected: set[tuple[str, str]], tmp_path: Path
):
    """Neither of burns nor of budgets that are spent."""
    alerts = alerts_of({each: {"disable": True} for each in disabled}, tmp_path)

    assert expected == {(each.alert, each.labels["severity"]) for each in alerts}
