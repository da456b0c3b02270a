"""What users want burn alerts to carry stands beside what shardwatch writes."""

from dataclasses import replace
from decimal import Decimal

import pytest

from alerts.burn import burn_alert
from exporters.config import Links
from slo.objective import AlertExtras, Objective, Ratio
from slo.rules import AlertingRule


@pytest.fixture
def objective() -> Objective:
    """An objective whose pages carry a team, a channel and a summary."""
    return Objective(
        name="mine",
        service="inference",
        target=Decimal("0.999"),
        period_seconds=28 * 86400,
        grouping_labels=("region",),
        indicator=Ratio("rate(a[$window])", bad="rate(b[$window])"),
        alert_extras=(
            AlertExtras(
                "page",
                (("channel", "loud"), ("team", "serving")),
                (("runbook", "http://mine"), ("summary", "It burns in {{ $labels.region }}.")),
            ),
        ),
    )


def alerts(objective: Objective, severity: str) -> list[AlertingRule]:
    """Return the alerts of a severity."""
    tiers = [each for each in objective.tiers if each.severity == severity]
    return [burn_alert(objective, each, (), Links(), 15) for each in tiers]


def test_alerts_of_a_severity_carry_what_users_want_there(objective):
    """Ours stays, but for annotations of the same name."""
    plain = alerts(replace(objective, alert_extras=()), "page")

    for alert, without in zip(alerts(objective, "page"), plain, strict=True):
        assert {**without.labels, "channel": "loud", "team": "serving"} == alert.labels
        assert {
            **without.annotations,
            "runbook": "http://mine",
            "summary": "It burns in {{ $labels.region }}.",
        } == alert.annotations


def test_alerts_of_the_other_severity_do_not(objective):
    """Tickets are as they would be without."""
    assert alerts(replace(objective, alert_extras=()), "ticket") == alerts(objective, "ticket")


def test_a_burn_leads_to_its_objective_in_the_record_of_reviews(objective):
    """Where one is configured; whatever an objective is called."""
    tier, odd = objective.tiers[0], replace(objective, name="a/b {{ x }}", alert_extras=())
    with_record = Links(reviews="http://reviews/")

    (found, without) = (burn_alert(odd, tier, (), each, 15) for each in (with_record, Links()))
    path = f"/objectives/{odd.service}/a%2Fb%20%7B%7B%20x%20%7D%7D"
    assert f"http://reviews{path}" == found.annotations["review_url"]
    assert "review_url" not in without.annotations


def test_labels_that_tell_alerts_apart_stay(objective):
    """Whatever an objective was given past its reader."""
    wrong = AlertExtras("page", (("burn_tier", "x"), ("severity", "loud")))

    for alert in alerts(replace(objective, alert_extras=(wrong,)), "page"):
        assert alert.labels["severity"] == "page"
        assert alert.labels["burn_tier"] in ("1h", "6h")
