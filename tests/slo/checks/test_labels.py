"""Labels that are grouped or selected by must be those of the series, where they are known."""

from dataclasses import replace

import pytest

from exporters import catalog
from slo.checks import check_objectives
from slo.objective import Ratio, RawRatio, Threshold

DAY = 86400


@pytest.fixture
def long(objective):
    """99 % over 28 days."""
    return replace(objective, period_seconds=28 * DAY)


def found_with(objective, indicator, *grouping_labels: str):
    """Return what is found about labels."""
    changed = replace(objective, indicator=indicator, grouping_labels=grouping_labels)
    return [each.message for each in check_objectives([changed]) if each.check == "label-missing"]


def bad_of(total):
    """Return a ratio of one expression."""
    return Ratio(total, bad=total)


@pytest.mark.parametrize(
    ("total", "labels"),
    [
        ("rate(shardwatch_router_requests_total[$window])", ("region", "model", "tier")),
        ("rate(shardwatch_router_requests_total[$window])", ("instance", "job")),
        ("rate(shardwatch_tool_call_duration_seconds_bucket[$window])", ("tool", "le")),
        ("sum by (region, zone) (rate(requests_total[$window]))", ("zone",)),
        ("sum without (tier) (rate(shardwatch_router_requests_total[$window]))", ("region",)),
        ("rate(anybodys_total[$window])", ("anything",)),
        ("label_replace(rate(shardwatch_probe_up[$window]), 'a', '$1', 'model', '(.*)')", ("a",)),
        ("rate(shardwatch_router_requests_total[$window])", ()),
    ],
)
def test_labels_that_series_have_or_may_have_are_right(long, total, labels):
    """Those of the catalogue, of targets, of aggregations; of foreign series any."""
    assert [] == found_with(long, bad_of(total), *labels)


def test_a_label_that_our_family_lacks_is_told_with_those_that_it_has(long):
    """For each side."""
    total = "rate(shardwatch_router_requests_total[$window])"
    had = ", ".join(sorted({*catalog.ROUTER_REQUESTS.labels, "instance", "job"}))

    assert [
        f"grouped by group, which bad does not carry: it has {had}",
        f"grouped by group, which total does not carry: it has {had}",
    ] == found_with(long, bad_of(total), "region", "group")


@pytest.mark.parametrize(
    "total",
    [
        "sum by (region) (rate(requests_total[$window]))",
        "sum by (region, model) (sum by (region) (rate(requests_total[$window])))",
        "sum by (region) (rate(a_total[$window])) + sum by (region) (rate(b_total[$window]))",
        "sum without (model) (rate(shardwatch_router_requests_total[$window]))",
        "histogram_quantile(0.9, sum by (region, le) (rate(x_bucket[$window])))",
    ],
)
def test_what_is_summed_has_the_labels_of_its_sum(long, total):
    """And no others, wherever the sum stands."""
    found = found_with(long, Threshold(total, "<", 1), "model")

    assert ["grouped by model, which threshold does not carry: it has "] == [
        each.partition("it has ")[0] + "it has " for each in found
    ]


def test_a_sum_of_all_has_no_labels(long):
    """Nothing to group by."""
    assert ["grouped by region, which raw does not carry: it has no labels"] == found_with(
        long, RawRatio("sum(bad) / sum(all)", is_good=False), "region"
    )


def test_a_selection_by_a_label_that_is_not_there_finds_nothing(long):
    """Unless it is one for series without the label."""
    none = 'rate(shardwatch_router_requests_total{group="g"}[$window])'
    any_ = 'rate(shardwatch_router_requests_total{group=~".*",group!="g",job="x"}[$window])'

    [found] = found_with(long, Ratio("rate(a[$window])", bad=none))

    assert found.startswith("bad selects shardwatch_router_requests_total by group, which it does")
    assert [] == found_with(long, Ratio("rate(a[$window])", bad=any_))
