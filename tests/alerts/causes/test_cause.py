"""What is recorded of causes."""

from dataclasses import replace

import pytest

from alerts.causes.cause import Cause, cause_levels
from alerts.causes.groups import group_causes
from slo.rules import RecordingRule

LEVEL = RecordingRule("shardwatch:level:rate", "sum(rate(a[1m]))")


@pytest.fixture
def cause() -> Cause:
    """A cause without levels of its own."""
    return group_causes()[0]


def test_a_level_that_causes_share_is_recorded_once_and_before_what_reads_it(cause: Cause):
    """In the order in which the causes name them."""
    above = RecordingRule("shardwatch:above:rate", f"{LEVEL.record} > 1")
    causes = [
        replace(cause, levels=(LEVEL, above)),
        replace(cause, name="Other", levels=(LEVEL,)),
        replace(cause, name="Without"),
    ]

    assert (LEVEL, above) == cause_levels(causes)


def test_the_same_series_with_other_labels_is_another_level(cause: Cause):
    """A window, for example."""
    of_hour = replace(LEVEL, labels={"window": "1h"})

    assert (LEVEL, of_hour) == cause_levels([replace(cause, levels=(LEVEL, of_hour))])


def test_two_causes_that_record_one_series_in_two_ways_are_refused(cause: Cause):
    """The second would overwrite the first, or be refused as a duplicate sample."""
    other = replace(LEVEL, expr="vector(1)")
    causes = [replace(cause, levels=(LEVEL,)), replace(cause, name="Other", levels=(other,))]

    with pytest.raises(ValueError, match="two causes record shardwatch:level:rate"):
        cause_levels(causes)
