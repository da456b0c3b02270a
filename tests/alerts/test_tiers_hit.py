"""Which objectives say which tiers they hit, and what they ask for it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from alerts.tiers_hit import tiers_hit
from slo.objective import Indicator, Objective, Ratio, RawRatio

REQUESTS = 'rate(shardwatch_router_requests_total{outcome="error"}[$window])'
TOTAL = "rate(shardwatch_router_requests_total[$window])"
OBJECTIVE = Objective("chat", "inference", Decimal("0.99"), 28 * 86400, ("region", "model"),
                      Ratio(TOTAL, bad=REQUESTS))  # fmt: skip


@pytest.mark.parametrize(
    "indicator",
    [
        Ratio("rate(http_requests_total[$window])", bad="rate(http_errors_total[$window])"),
        Ratio(TOTAL, bad="rate(shardwatch_safety_checks_total[$window])"),
        RawRatio("shardwatch_router_up", is_good=True),
        Ratio(TOTAL, bad='rate(shardwatch_router_requests_total{model=~`a.*`,x="`"}[$window])'),
    ],
    ids=["of others", "without tiers", "of no events", "that no template can hold"],
)
def test_events_without_tiers_say_nothing(indicator: Indicator) -> None:
    """Rather than what is not known."""
    assert "" == tiers_hit(replace(OBJECTIVE, indicator=indicator))


def test_a_cell_that_is_one_tiers_says_nothing() -> None:
    """Its labels do."""
    assert "" == tiers_hit(replace(OBJECTIVE, grouping_labels=("region", "tier")))


def test_bad_events_are_asked_for_in_the_cell_alone_by_tier_in_the_order_of_their_names() -> None:
    """No more than ten, and only those that have some."""
    template = tiers_hit(OBJECTIVE)

    query = (
        "topk(10, sum by (tier) (rate(shardwatch_router_requests_total"
        '{region=%q,model=%q,outcome="error"}[5m])) > 0)'
    )
    assert f"printf `{query}` $labels.region $labels.model | query" in template
    assert 'sortByLabel "tier"' in template


def test_where_good_events_are_counted_all_others_are_bad() -> None:
    """All of them are, where there are no good ones."""
    good = TOTAL.replace("total[", 'total{outcome="ok"}[')
    template = tiers_hit(replace(OBJECTIVE, indicator=Ratio(TOTAL, good=good)))

    every = "sum by (tier) (rate(shardwatch_router_requests_total{region=%q,model=%q}[5m]))"
    fine = every.replace("%q}", '%q,outcome="ok"}')
    assert f"(({every} - {fine}) or {every}) > 0" in template


def test_without_grouping_labels_no_value_is_put_in() -> None:
    """And a sign of PromQL's that templates know stays what it is."""
    odd = Ratio(TOTAL, bad=f"{REQUESTS} % 2")
    whole = tiers_hit(replace(OBJECTIVE, indicator=odd, grouping_labels=()))

    assert whole.startswith("the whole cluster{{ with query `")
    assert " % 2" in whole
    assert " %% 2" in tiers_hit(replace(OBJECTIVE, indicator=odd))
