"""A number that stands for what an objective counts."""

from dataclasses import replace
from decimal import Decimal

import pytest

from slo.fingerprint import DIGITS, fingerprint
from slo.objective import Calendar, RawRatio, Slices, Threshold

VALUE = Threshold("depth", "<", Decimal(1))


def test_it_is_the_same_on_every_machine_and_in_every_version(objective):
    """Else a new version would refuse to go on with what an old one recorded."""
    assert 714670994595 == fingerprint(objective)
    assert fingerprint(objective) < 16**DIGITS


@pytest.mark.parametrize(
    "same",
    [
        {"target": Decimal("0.5")},
        {"title": "x", "owner": "y", "file": "z", "line": 7},
        {"tiers": (), "minimum_bad_events": 3},
    ],
)
def test_what_changes_no_count_does_not_change_it(objective, same):
    """Targets, texts, alerts."""
    assert fingerprint(objective) == fingerprint(replace(objective, **same))


def test_nor_does_how_it_is_written(objective):
    """Lines, the order of grouping labels, zeros."""
    lines = replace(objective.indicator, total="rate(requests_total[$window])\n")
    assert fingerprint(objective) == fingerprint(replace(objective, indicator=lines))
    two = replace(objective, grouping_labels=("cell", "tier"))
    assert fingerprint(two) == fingerprint(replace(two, grouping_labels=("tier", "cell")))
    sliced = replace(objective, slices=Slices(300, Decimal("0.90")))
    assert fingerprint(sliced) == fingerprint(
        replace(objective, slices=Slices(300, Decimal("0.9")))
    )


def test_everything_that_changes_counts_changes_it(objective):
    """Each of these is another one."""
    indicators = (
        replace(objective.indicator, bad=None, good=objective.indicator.bad),
        replace(objective.indicator, total="rate(others_total[$window])"),
        RawRatio("share", is_good=True),
        RawRatio("share", is_good=False),
        VALUE,
        replace(VALUE, op="<="),
        replace(VALUE, bound=Decimal(10)),
    )
    others = (
        {"grouping_labels": ()},
        {"period_seconds": 7 * 86400},
        {"slices": Slices(300, None)},
        {"slices": Slices(300, Decimal("0.9"))},
        {"slices": Slices(300, Decimal("0.9"), idle_is_good=True)},
        {"slices": Slices(300, Decimal("0.9"), fewest_events=5)},
        {"calendar": Calendar("week", 1, "2026-01-01 00:00:00", "UTC")},
        {"calendar": Calendar("week", 1, "2026-01-01 00:00:00", "Europe/Berlin")},
    )
    tried = [
        objective,
        *(replace(objective, indicator=each) for each in indicators),
        *(replace(objective, **each) for each in others),
    ]
    assert len(tried) == len({fingerprint(each) for each in tried})
