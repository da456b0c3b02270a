"""Alert policies and annotations are tiers of burn alerts."""

from decimal import Decimal

import pytest

from slo.burn import Tier, burn_factor
from slo.windows import choose_tiers, read_tiers

from .openslo_texts import SERVICE, an_slo, resolve, the_objective

PERIOD_SECONDS = 28 * 86400


def condition(rate: str, lookback: str, severity: str = "page", more: str = "") -> str:
    """Return the specification of an alert condition."""
    burns = f"op: gt, threshold: {rate}, lookbackWindow: {lookback}{more}"
    return f"{{severity: {severity}, condition: {{kind: burnrate, {burns}}}}}"


def policies(*conditions: str, annotations: str = "", more: str = "") -> str:
    """Return ``alertPolicies``, each with one condition written out."""
    return "  alertPolicies:\n" + "".join(
        f"  - {{kind: AlertPolicy, metadata: {{name: p{index}}}, spec: {{conditions: [{{kind: "
        f"AlertCondition, metadata: {{name: c{index}, annotations: {{{annotations}}}}}, "
        f"spec: {each}}}]{more}}}}}\n"
        for index, each in enumerate(conditions)
    )


def test_an_slo_without_policies_has_the_usual_tiers():
    """Also where it says that it has none of its own."""
    assert read_tiers() == the_objective(an_slo()).tiers
    assert read_tiers() == the_objective(an_slo(more="  alertPolicies:\n")).tiers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("workbook", ["1h", "6h", "1d", "3d"]),
        ("workbook: 6h , 1h", ["1h", "6h"]),
        ("workbook:3d", ["3d"]),
        ("none", []),
    ],
)
def test_tiers_are_chosen_by_name(text, expected):
    """The fastest first."""
    objective = the_objective(an_slo(annotations=f"shardwatch.dev/tiers: '{text}'"))

    assert expected == [each.name for each in objective.tiers]


@pytest.mark.parametrize("text", ["", "workbok", "workbook:", "workbook:1h,1h", "none:1h"])
def test_what_chooses_no_tiers_is_refused(text):
    """With those that there are."""
    with pytest.raises(ValueError, match="expected"):
        choose_tiers(text)


def test_each_condition_is_a_tier_whose_factor_is_the_threshold():
    """Exactly, whatever the period; the short window is a twelfth of the long one."""
    written = policies(condition("0.90", "3d", "ticket"), condition("14.4", "1h"))

    fast, slow = the_objective(an_slo(more=written)).tiers

    assert Tier("page", 3600, 300, fast.budget_share, Decimal("14.4")) == fast
    assert Tier("ticket", 3 * 86400, 6 * 3600, slow.budget_share, Decimal("0.90")) == slow
    assert burn_factor(slow, PERIOD_SECONDS) == Decimal("0.90")


def test_the_budget_that_a_condition_spends_is_told():
    """13.44 times as fast for an hour of 28 days are 2 %."""
    (tier,) = the_objective(an_slo(more=policies(condition("13.44", "1h")))).tiers

    assert Decimal("0.02") == tier.budget_share


@pytest.mark.parametrize(
    ("lookback", "short_seconds"), [("1h", 300), ("10m", 60), ("2m", 60), ("7d", 14 * 3600)]
)
def test_a_short_window_is_a_minute_at_least(lookback, short_seconds):
    """Nothing can be told of less."""
    (tier,) = the_objective(an_slo(more=policies(condition("2", lookback)))).tiers

    assert short_seconds == tier.short_seconds


def test_a_short_window_and_patience_may_be_said():
    """Whether it lasts is not what the window asks."""
    written = policies(
        condition("2", "1h", more=", alertAfter: 10m"),
        annotations="shardwatch.dev/short-window: 15m",
    )

    (tier,) = the_objective(an_slo(more=written)).tiers

    assert (900, 600) == (tier.short_seconds, tier.for_seconds)


@pytest.mark.parametrize("patience", ["0m", "0s"])
def test_no_patience_may_be_said_as_well(patience):
    """As OpenSLO's default is written."""
    written = policies(condition("2", "1h", more=f", alertAfter: {patience}"))

    (tier,) = the_objective(an_slo(more=written)).tiers

    assert tier.for_seconds == 0


@pytest.mark.parametrize("operator", ["lte", "gte", "lt", "gt"])
def test_every_operator_means_a_burn_that_is_too_fast(operator):
    """OpenSLO's own examples write lte for what exceeds."""
    written = policies(condition("2", "1h")).replace("op: gt", f"op: {operator}")

    (tier,) = the_objective(an_slo(more=written)).tiers

    assert tier.factor == 2


@pytest.mark.parametrize(
    ("word", "severity"),
    [("Page", "page"), ("critical", "page"), ("sev1", "page"), ("warning", "ticket")],
)
def test_words_of_others_are_one_of_two_severities(word, severity):
    """Wake somebody, or do not."""
    (tier,) = the_objective(an_slo(more=policies(condition("2", "1h", word)))).tiers

    assert severity == tier.severity


def test_a_page_and_a_ticket_may_look_back_as_long():
    """Their alerts differ by severity."""
    written = policies(condition("9", "1h"), condition("2", "60m", "ticket"))

    assert len(the_objective(an_slo(more=written)).tiers) == 2


def test_a_policy_that_is_off_is_no_tier():
    """And its SLO has none, for it has policies."""
    written = policies(condition("2", "1h"), more=", alertWhenBreaching: false")

    assert () == the_objective(an_slo(more=written)).tiers


def test_policies_conditions_and_targets_may_be_referred_to():
    """Each in a file of its own; two SLOs may share them."""
    policy = (
        "apiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: Pages}\nspec:\n"
        "  alertWhenBreaching: true\n  alertWhenResolved: true\n  alertWhenNoData: true\n"
        "  conditions: [{conditionRef: fast}]\n  notificationTargets: [{targetRef: OnCall}]\n"
    )
    fast = (
        "apiVersion: openslo/v1\nkind: AlertCondition\n"
        "metadata: {name: fast, annotations: {shardwatch.dev/short-window: 10m}}\n"
        f"spec: {condition('3', '1h')}\n"
    )
    target = (
        "apiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: {name: OnCall}\n"
        "spec: {target: pagerduty, description: Somebody who is awake.}\n"
    )
    uses = "  alertPolicies: [{alertPolicyRef: Pages}]\n"

    objectives = resolve(
        an_slo(more=uses), an_slo(name="another", more=uses), SERVICE, policy, fast, target
    )

    tier = Tier("page", 3600, 600, objectives[0].tiers[0].budget_share, Decimal(3))
    assert [(tier,)] * 2 == [each.tiers for each in objectives]
