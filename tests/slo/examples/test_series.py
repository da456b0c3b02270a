"""An objective's events are made up from its own selectors."""

from dataclasses import replace
from decimal import Decimal

import pytest

from slo.examples.series import example_of
from slo.examples.values import NoExampleError
from slo.objective import Ratio, RawRatio, Threshold
from slo.objectives import LIBRARY, library_names, read_objective_paths

W = "[$window]"


def events(objective, indicator):
    """Return what each series does while all is good, and while all is bad."""
    made = example_of(replace(objective, indicator=indicator))
    return {each.series: (each.good, each.bad) for each in made.series}


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        (Ratio(f"rate(r{W})", bad=f'rate(r{{outcome="error"}}{W})'),
         {'r{cell="cell-a",outcome="ok"}': (10, 0), 'r{cell="cell-a",outcome="error"}': (0, 10)}),
        (Ratio(f"rate(r{W})", bad=f"rate(errors{W})"),
         {'r{cell="cell-a"}': (10, 10), 'errors{cell="cell-a"}': (0, 10)}),
        (Ratio(f"rate(d_count{W})", good=f'rate(d_bucket{{le="2.5"}}{W})'),
         {'d_count{cell="cell-a"}': (10, 10), 'd_bucket{cell="cell-a",le="2.5"}': (10, 0)}),
        (Ratio(f'rate(d{{le="+Inf"}}{W})', good=f'rate(d{{le="2.5"}}{W})'),
         {'d{cell="cell-a",le="+Inf"}': (10, 10), 'd{cell="cell-a",le="2.5"}': (10, 0)}),
        (Ratio(f"rate(r{W}) + rate(s{W})", good=f'rate(r{{code=~"2.."}}{W})'),
         {'r{cell="cell-a",code="2aa"}': (10, 0), 'r{cell="cell-a",code="ok"}': (0, 10),
          's{cell="cell-a"}': (0, 0)}),
        (Ratio(f'rate(r{{k="g"}}{W}) + rate(r{{k="b"}}{W})', bad=f'rate(r{{k="b"}}{W})'),
         {'r{cell="cell-a",k="g"}': (10, 0), 'r{cell="cell-a",k="b"}': (0, 10)}),
        (Ratio("expected", bad='members{state=~"hung|lost"}'),
         {'expected{cell="cell-a"}': (10, 10), 'members{cell="cell-a",state="hung"}': (0, 10)}),
        (Ratio(f"rate(served{W}) and rate(billed{W})", bad=f"rate(billed{W}) - rate(served{W})"),
         {'billed{cell="cell-a"}': (10, 20), 'served{cell="cell-a"}': (10, 10)}),
        (RawRatio(f'sum(rate(t{{code=~"5.."}}{W})) / sum(rate(t{W}))', is_good=False),
         {'t{cell="cell-a",code="5aa"}': (0, 1), 't{cell="cell-a"}': (1, 0)}),
        (RawRatio(f"avg_over_time(ok{W})", is_good=True), {'ok{cell="cell-a"}': (1, 0)}),
        (RawRatio(f"1 - rate(g{W}) / rate(t{W})", is_good=False),
         {'g{cell="cell-a"}': (1, 0), 't{cell="cell-a"}': (1, 1)}),
        (Threshold("max(queue) / 1000", "<=", Decimal(3)), {'queue{cell="cell-a"}': (0, 6000)}),
        (Threshold(f"rate(t{W})", ">", Decimal("0.5")), {'t{cell="cell-a"}': (1, 0)}),
        (Threshold(f"histogram_quantile(0.9, sum by (le) (rate(d_bucket{W})))", "<", Decimal(2)),
         {'d_bucket{cell="cell-a",le="1"}': (10, 0), 'd_bucket{cell="cell-a",le="200"}': (10, 10),
          'd_bucket{cell="cell-a",le="+Inf"}': (10, 10)}),
    ],
)  # fmt: skip
def test_good_and_bad_events_are_told_apart(objective, indicator, expected):
    """Counters by their growth per second, others by their value."""
    assert expected == events(objective, indicator)


def test_another_cell_has_other_labels(objective):
    """Of its own, so that it has a budget of its own."""
    assert {"cell": "cell-a"} == example_of(objective).labels
    assert {"cell": "cell-b"} == example_of(objective, "b").labels


def test_where_the_cell_is_fixed_other_series_are_of_it_too(objective):
    """A selector that names the cell, or no grouping labels: one cell of two sources."""
    fixed = Ratio(f'rate(r{{cell="x"}}{W})', bad=f'rate(r{{cell="x",o="e"}}{W})')
    first, second = (example_of(replace(objective, indicator=fixed), each) for each in "ab")

    assert {"cell": "x"} == first.labels == second.labels
    assert not {each.series for each in first.series} & {each.series for each in second.series}


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        (Ratio(f"rate(r{W})", bad=f"rate(r{W})"),
         "no values of its series were found that are good"),
        (Threshold("stddev(x)", "<", Decimal(1)),
         "stddev is not foreseen, so that no values on either side are known"),
        (Threshold("x * 0", "<", Decimal(1)), "no values of its series were found that are bad"),
    ],
)  # fmt: skip
def test_it_is_said_why_there_is_no_example(objective, indicator, expected):
    """For the user, who may write the query otherwise."""
    with pytest.raises(NoExampleError) as caught:
        example_of(replace(objective, indicator=indicator))

    assert expected == str(caught.value)


def test_every_objective_of_the_library_has_an_example():
    """So that its rules are tested, but for two whose stories are told by hand."""
    without = set()
    for objective in read_objective_paths([LIBRARY / f"{name}.yaml" for name in library_names()]):
        try:
            assert example_of(objective).series, objective.name
        except NoExampleError:
            without.add(objective.name)
    assert without == {"canary-errors", "data-locality"}
