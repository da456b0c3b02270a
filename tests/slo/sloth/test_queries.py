"""Queries as Sloth's users write them, and the indicators that they mean."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.objective import BASE_WINDOW, Ratio, RawRatio
from slo.sloth.queries import QueryError, read_error_ratio, read_events
from slo.testing import Expectation, RuleTest, run_rule_tests

ALL = "sum(rate(requests_total[{{.window}}]))"
BAD = 'sum(rate(requests_total{code=~"5.."}[{{.window}}]))'
ALL_READ, BAD_READ = (each.replace("{{.window}}", BASE_WINDOW) for each in (ALL, BAD))
TAKEN_TOGETHER = (
    "found a result whose labels cannot be told, expected a sum; write sum(...) for one budget, or "
    "sum by (LABELS) (...) for a budget of each set of their values"
)
EXPECTED = (
    "expected events or samples within the window; write sum(rate(requests_total[{{.window}}])) "
    "or sum(sum_over_time(bad_ratio[{{.window}}]))"
)


@pytest.mark.parametrize(
    "bad",
    [
        BAD,
        BAD.replace("{{.window}}", "{{ .window }}"),
        f"({BAD})",
        f"  {BAD}\n",
        f"{BAD} or vector(0)",
        f"({BAD} OR on() vector(0))",
        BAD.replace("rate", "increase"),
    ],
)
def test_bad_events_are_read_however_they_are_written(bad):
    """What stands against missing series is left out: the rules know of them."""
    read = read_events(bad, f"{ALL} > 0")

    assert (Ratio(ALL_READ, bad=BAD_READ), (), True) == (
        read.indicator,
        read.grouping_labels,
        read.is_counter,
    )


def test_all_events_less_some_are_good_events():
    """A latency of Sloth's: good buckets that are missing are no reason to call all well."""
    good = 'sum(rate(seconds_bucket{le="0.4"}[{{.window}}]))'
    total = "sum(rate(seconds_count[{{.window}}]))"

    read = read_events(f"(\n  {total}\n  -\n  {good}\n)", total)

    assert (
        Ratio(
            f"sum(rate(seconds_count[{BASE_WINDOW}]))",
            good=f'sum(rate(seconds_bucket{{le="0.4"}}[{BASE_WINDOW}]))',
        )
        == read.indicator
    )


def test_what_is_taken_from_something_else_is_bad():
    """Only all events, less the good, are the bad."""
    read = read_events(f"sum(rate(other_total[{{{{.window}}}}])) - {BAD}", ALL)

    bad = f"sum(rate(other_total[{BASE_WINDOW}])) - {BAD_READ}"
    assert Ratio(ALL_READ, bad=bad) == read.indicator


def test_sums_by_labels_have_a_budget_for_each_set_of_values():
    """As Sloth's rules have a series for each."""
    bad, total = (each.replace("sum(", "sum by (region, model) (") for each in (BAD, ALL))

    assert ("model", "region") == read_events(bad, total).grouping_labels


@pytest.mark.parametrize(
    ("error_query", "total_query", "side", "message"),
    [
        (BAD, "", "total_query", "found an empty query, expected PromQL"),
        (BAD, "sum(rate(x[{{.window}}])", "total_query", "not PromQL: unclosed left parenthesis"),
        (BAD, "sum(rate(x[5m]))", "total_query", f"found no {{{{.window}}}}, {EXPECTED}"),
        (
            "rate(x[{{.window}}])",
            ALL,
            "error_query",
            TAKEN_TOGETHER,
        ),
        (
            BAD.replace("sum(", "sum by (a) ("),
            ALL,
            "error_query",
            "found a result by a, expected by none, as in total_query; sum both by the same labels",
        ),
        (
            BAD,
            ALL.replace("sum(", "sum by (a) ("),
            "error_query",
            "found a result by no label, expected by a, as in total_query; sum both by the "
            "same labels",
        ),
        (
            BAD,
            "sum(count_over_time(up[{{.window}}]))",
            "error_query",
            "found events, expected samples, as in total_query; count the same on both sides",
        ),
        (
            "sum(irate(x[{{.window}}]))",
            ALL,
            "error_query",
            f"found irate over the window, {EXPECTED}",
        ),
        (
            "sum(rate(x[{{.window}}])) + sum(sum_over_time(y[{{.window}}]))",
            ALL,
            "error_query",
            f"found rate, sum_over_time over the window, {EXPECTED}",
        ),
        (
            "sum(x:bad:rate{{.window}})",
            ALL,
            "error_query",
            f"found the window within the name of a series, {EXPECTED}, of the series that it is "
            "recorded from",
        ),
        (
            'sum(rate(x{w="{{.window}}"}[5m]))',
            ALL,
            "error_query",
            "found the window where no range is, expected it as a range; remove it",
        ),
        (
            "sum(rate(x[{{.window}}] offset {{.window}}))",
            ALL,
            "error_query",
            "found the window where no range is, expected it as a range; remove it",
        ),
        (
            "sum(rate(x[{{.window}}])) / {{.window}}",
            ALL,
            "error_query",
            "found the window where no range is, expected it as a range; remove it",
        ),
        (
            "sum(rate(x[{{.window}}] offset 1h))",
            ALL,
            "error_query",
            None,
        ),
        (
            "sum(sum_over_time(x[{{.window}}] offset 1h))",
            "sum(count_over_time(x[{{.window}}]))",
            "error_query",
            f"found an offset or @, {EXPECTED}",
        ),
        (
            BAD,
            f"{ALL} or vector(1)",
            "total_query",
            "found vector(1), which counts events while there are none to be seen, expected "
            "vector(0) or nothing; leave it out",
        ),
        (
            f"{ALL} - ({BAD} OR on() (vector(2)))",
            ALL,
            "error_query",
            "found vector(2), which counts events",
        ),
        (ALL, f"({ALL})", "error_query", "found the same query as total_query"),
    ],
)
def test_queries_that_mean_no_events_are_refused(error_query, total_query, side, message):
    """On the side where they stand."""
    with pytest.raises(QueryError) as refused:
        read_events(error_query, total_query)

    assert side == refused.value.side
    assert str(refused.value).startswith(message or "found an offset or @")


@pytest.mark.parametrize(
    ("query", "indicator"),
    [
        (f"{BAD} / {ALL}", Ratio(ALL_READ, bad=BAD_READ)),
        (f"({BAD} or vector(0)) / ({ALL} > 0)", Ratio(ALL_READ, bad=BAD_READ)),
        (f"1 - ({BAD} / {ALL})", Ratio(ALL_READ, good=BAD_READ)),
        (f"1 - (({BAD} / {ALL}) or on() vector(1))", Ratio(ALL_READ, good=BAD_READ)),
        (f"1 - (1 - {BAD} / {ALL})", Ratio(ALL_READ, bad=BAD_READ)),
        (f"1 - (1 - ({BAD} / {ALL} or vector(0)))", Ratio(ALL_READ, bad=BAD_READ)),
        (f"{BAD} # of the server\n/ {ALL}", Ratio(ALL_READ, bad=BAD_READ)),
        (f"({ALL} - {BAD}) / {ALL}", Ratio(ALL_READ, good=BAD_READ)),
        (
            "1 - (sum(sum_over_time(up[{{.window}}])) / sum(count_over_time(up[{{.window}}])))",
            Ratio("sum((up ^ 0))", good="sum(up)"),
        ),
    ],
)
def test_a_quotient_is_taken_apart(query, indicator):
    """So that traffic weighs: the mean of ratios, which Sloth's period is, is another number."""
    assert indicator == read_error_ratio(query).indicator


@pytest.mark.parametrize(
    "query",
    [
        "1 - avg_over_time(up[{{.window}}])",
        f"clamp_max({BAD} / {ALL}, 1)",
        f"{BAD} / {ALL} / {ALL}",
        f"1 - ({BAD} / {ALL}) - 0.1",
        f"({BAD} / {ALL}) or vector(1)",
        f"1 - ({BAD} / {ALL} or vector(0))",
        f"{BAD} / ({ALL} or vector(1))",
        "rate(x[{{.window}}]) / rate(y[{{.window}}])",
        "sum(avg_over_time(bad:ratio[{{.window}}])) / 2",
    ],
)
def test_other_ratios_are_taken_as_they_are(query):
    """Every moment weighs the same, then."""
    raw = RawRatio(query.replace("{{.window}}", BASE_WINDOW), is_good=False)

    assert raw == read_error_ratio(query).indicator


@pytest.mark.parametrize(
    ("bad", "total"),
    [
        (
            "sum_over_time((count(satisfaction < 0.75))[{{.window}}:]) or on () vector(0)",
            "sum_over_time((count(satisfaction))[{{.window}}:])",
        ),
        (
            "sum(count_over_time((up == 0)[{{.window}}:]))",
            "sum(count_over_time(up[{{.window}}]))",
        ),
        (
            "sum(count_over_time(up[{{.window}}])) - sum(sum_over_time(up[{{.window}}]))",
            "sum(count_over_time(up[{{.window}}]))",
        ),
    ],
)
def test_samples_summed_over_the_base_are_sloths_sums_over_a_window(promtool, tmp_path, bad, total):
    """Asked of Prometheus, both ways, at a time when some are bad."""
    indicator = read_events(bad, total).indicator
    assert isinstance(indicator, Ratio)
    ours = (
        f"({indicator.total}) - ({indicator.good})" if indicator.good else str(indicator.bad),
        indicator.total,
    )
    expectations = [
        Expectation(
            f"sum_over_time(({mine})[10m:1m]) - ({theirs.replace('{{.window}}', '10m')}) + 0",
            1200,
            {"{}": 0},
        )
        for mine, theirs in zip(ours, (bad, total), strict=True)
    ]
    series = {
        'satisfaction{client="a"}': "0.5x40",
        'satisfaction{client="b"}': "1x12 0.25x5 1x20",
        'up{job="a"}': "1x15 0x3 1x20",
        'up{job="b"}': "0x40",
    }

    run_rule_tests(
        promtool, "groups: []", [RuleTest("samples", series, expectations)], 60, tmp_path
    )


@given(st.text(alphabet='sumrate()[]{}<>="x1 -/*,.\\\n:$window\u00e9', max_size=60), st.booleans())
def test_no_query_breaks_the_reader(text, with_window):
    """It is read, or refused with a message."""
    query = f"{text}[{{{{.window}}}}]" if with_window else text
    for read in (lambda: read_events(query, ALL), lambda: read_error_ratio(query)):
        with contextlib.suppress(ValueError):
            read()
