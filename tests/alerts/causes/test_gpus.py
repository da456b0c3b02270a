"""Causes in GPUs, and the taxonomy that they are made of."""

import re

from alerts.causes.gpus import gpu_causes
from exporters.gpu.taxonomy import ROWS
from slo.promql import selectors


def reasons_of(state: str) -> set[str]:
    """The reasons that a state asks for."""
    [reasons] = {
        matcher.value
        for each in selectors(state)
        for matcher in each.matchers.matchers
        if matcher.name == "reason"
    }
    return set(reasons.split("|"))


def test_each_failure_that_somebody_must_do_something_about_is_a_cause():
    """What is for information only is none. Links are a ticket where a group has one GPU."""
    told = [reason for cause in gpu_causes() for reason in reasons_of(cause.state)]

    assert {row.reason for row in ROWS if row.severity in ("page", "ticket")} == set(told)
    assert ["fabric", "nvlink"] == sorted({each for each in told if told.count(each) > 1})


def test_gpus_that_are_well_are_not_read():
    """Of a hundred thousand GPUs each state reads those that have a reason or an urgency."""
    for cause in gpu_causes():
        for each in selectors(cause.state):
            assert re.search("reason|severity", str(each)), cause.name
