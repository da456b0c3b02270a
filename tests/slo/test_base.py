"""What the base rates read, and that they read no more."""

from dataclasses import replace

import pytest

from slo.base import events_per_second
from slo.objective import Ratio

REQUESTS = "rate(requests_total[$window])"


def reads_of_all_events(objective, bad, total=REQUESTS):
    """Return how often the expression of bad events has that of all events in it."""
    expr, _ = events_per_second(replace(objective, indicator=Ratio(total=total, bad=bad)), 15)
    return expr.count(total.replace("$window", "1m"))


@pytest.mark.parametrize(
    "bad",
    [
        'rate(requests_total{outcome="error"}[$window])',
        'rate(requests_total{outcome=~"error|timeout",code!="429"}[$window])',
    ],
)
def test_errors_out_of_the_same_counter_need_all_events_once(objective, bad):
    """Where all events cannot be seen, neither can errors: one scrape brings both."""
    assert 1 == reads_of_all_events(objective, bad)


@pytest.mark.parametrize(
    "bad",
    [
        "rate(errors_total[$window])",
        'rate(requests_total{code="500"}[$window]) > 5',
        "increase(requests_total[$window])",
        'rate(requests_total{outcome="error"}[$window]) or rate(lost_total[$window])',
        "rate(requests_total[5m:15s])",
        'rate({__name__=~"requests_total|errors_total"}[$window])',
        'rate({outcome="error"}[$window])',
    ],
)
def test_other_errors_count_only_beside_events_that_are_seen_now(objective, bad):
    """Their source may live on when that of the events is gone: each would be a bad one."""
    assert 2 == reads_of_all_events(objective, bad)


@pytest.mark.parametrize(
    "indicator",
    [
        Ratio(REQUESTS, bad='rate(requests_total{outcome="error"}[$window])'),
        Ratio(REQUESTS, bad="rate(errors_total[$window])"),
        Ratio(REQUESTS, good='rate(requests_total{outcome="ok"}[$window])'),
    ],
)
def test_all_events_are_read_once_where_a_rule_has_just_recorded_them(objective, indicator):
    """A fleet of thousands of groups has thousands of series of them."""
    bad, total = events_per_second(replace(objective, indicator=indicator), 15, "recorded")

    assert (0, 1) == (bad.count("requests_total["), total.count("requests_total["))
    assert "timestamp(recorded) == time()" in bad


def test_two_selectors_without_a_name_are_not_of_one_counter(objective):
    """They may select anything."""
    bad, total = ('rate({code="500"}[$window])', "rate({code!=''}[$window])")
    assert 2 == reads_of_all_events(objective, bad, total)
