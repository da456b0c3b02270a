"""What is taken for events must be events."""

from dataclasses import replace

import pytest

from slo.checks.counters import check_counters
from slo.checks.table import CHECKS
from slo.objective import Ratio, RawRatio
from slo.objectives import LIBRARY, ObjectiveFile, library_names, read_objective_files

REQUESTS = "shardwatch_router_requests_total"
SECONDS = "shardwatch_router_time_to_first_token_seconds"
STATE = "shardwatch_group_state"


def found(objective, *, total=f"rate({REQUESTS}[$window])", bad=None, good=None):
    """Return the id and the message of what is found about a ratio."""
    changed = replace(objective, indicator=Ratio(total, bad=bad, good=good))
    problems = list(check_counters(changed))
    assert {each.check for each in problems} <= CHECKS.keys()
    return [f"{each.check}: {each.message}" for each in problems]


@pytest.mark.parametrize("side", ["bad", "good"])
def test_events_that_are_bad_or_good_are_not_all_of_them(objective, side):
    """However they are written."""
    expected = f"part-is-total: {side} counts the same events as total: all are {side}, whatever"

    [told] = found(objective, **{side: f"rate({REQUESTS} [$window])"})

    assert told.startswith(expected)


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (f'sum(rate({STATE}{{state="dead"}}[$window]))', f"{STATE}, which is a gauge"),
        ("rate(slo:events:rate[$window])", "slo:events:rate, which is recorded by a rule"),
        (f"clamp_max(rate({STATE}[$window]), 1) or vector(0)", f"{STATE}, which is a gauge"),
    ],
)
def test_a_rate_is_of_a_counter(objective, bad, what):
    """Of a gauge it is noise."""
    expected = f"not-a-counter: bad takes the rate of {what} and counts nothing up"

    assert [expected] == found(objective, bad=bad)


@pytest.mark.parametrize("name", [REQUESTS, f"{SECONDS}_count"])
def test_a_counter_is_no_number_of_events_now(objective, name):
    """It is all of them since the exporter began, and a month after its mean hardly moves."""
    expected = (
        f"counter-as-value: bad takes the value of {name}, a counter, which is of all events since "
        "its exporter began"
    )

    assert [expected] == found(objective, bad=f'sum({name}{{outcome="error"}})')

    [raw] = check_counters(replace(objective, indicator=RawRatio(f"sum({name}) / x", is_good=True)))
    assert "counter-as-value" == raw.check


def test_a_bucket_holds_the_fast_events(objective):
    """And so is no bad one; what is not in it is."""
    count = f"rate({SECONDS}_count[$window])"
    fast = f'rate({SECONDS}_bucket{{le="0.5"}}[$window])'

    assert [
        f'bucket-as-bad: bad counts the bucket le="0.5" of {SECONDS}_bucket: those events that '
        "took no longer"
    ] == found(objective, total=count, bad=f"sum({fast})")
    assert [] == found(objective, total=count, bad=f"{count} - {fast}")
    assert [] == found(objective, total=count, bad=f"-({fast} - {count})")
    assert [] == found(objective, total=count, good=fast)


@pytest.mark.parametrize(
    "bad",
    [
        f'rate({REQUESTS}{{outcome="error"}}[$window]) or 0 * rate({REQUESTS}[$window])',
        f'count({REQUESTS}{{outcome="error"}})',
        f"sum(({REQUESTS} ^ 0))",
        f'{STATE}{{state="dead"}}',
        f"{STATE} unless {REQUESTS}",
        f"{REQUESTS} > bool 5",
        f"{STATE} or 0 * {REQUESTS}",
        "rate(anybodys_gauge[$window])",
        "anybodys_total",
    ],
)
def test_what_may_be_meant_is_let_be(objective, bad):
    """Of others' series nothing is known, and not every value is counted."""
    assert [] == found(objective, bad=bad)


def test_the_library_counts_events():
    """All of it."""
    files = [ObjectiveFile(LIBRARY / f"{name}.yaml", name) for name in library_names()]

    assert [] == [told for each in read_objective_files(files) for told in check_counters(each)]
