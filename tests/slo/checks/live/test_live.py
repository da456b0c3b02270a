"""A live server says what an objective lacks there, and what it costs."""

from dataclasses import replace
from decimal import Decimal

import pytest

from slo.checks.live import check_live
from slo.objective import Objective, Ratio, RawRatio, Threshold
from slo.prometheus import PrometheusClient, PrometheusError

DAY = 86400
PERIOD = 28 * DAY
REQUESTS = "rate(requests_total[$window])"
ERRORS = 'rate(requests_total{outcome="error"}[$window])'


@pytest.fixture
def long(objective):
    """99 % of the requests of each cell, over 28 days."""
    return replace(objective, period_seconds=PERIOD)


async def report(url, *objectives: Objective):
    """Return what a server says of objectives."""
    async with PrometheusClient(url) as client:
        return await check_live(objectives, client, 15.0)


async def found(url, objective):
    """Return ids and messages of what is found."""
    said = await report(url, objective)
    return [(each.check, each.message, each.fix) for each in said.problems]


def ratio(total, bad=None, good=None):
    """Return a ratio of counters."""
    rates = {
        name: f"rate({query}[$window])"
        for name, query in (("bad", bad), ("good", good))
        if query is not None
    }
    return Ratio(f"rate({total}[$window])", **rates)


async def test_an_objective_with_all_it_needs_has_no_problems(server, long):
    """Two cells of eight series; the estimate is for full windows, the measure for these."""
    said = await report(server, long)

    assert () == said.problems
    assert 100 * DAY == said.retention_seconds
    [cost] = said.costs
    assert ("good", 2, 12, False) == (cost.objective, cost.cells, cost.series, cost.is_recorded)
    assert cost.measured_samples_per_hour is not None
    assert 10_000 < cost.measured_samples_per_hour < cost.estimated_samples_per_hour
    assert "good: 2 cells of 12 series; its recording rules read about" in said.to_text()
    assert "measured now for the base alone" in said.to_text()


async def test_a_period_longer_than_the_server_keeps_is_told(server, long):
    """It was started with 100 days."""
    [(check, message, _)] = await found(server, replace(long, period_seconds=200 * DAY))

    assert "window-longer-than-retention" == check
    assert "the server keeps 100d, expected at least 200d2h for a period of 200d" == message


@pytest.mark.parametrize(
    ("indicator", "check", "expected"),
    [
        pytest.param(
            ratio("nowhere_total", bad="requests_total"), "series-missing",
            "total asks for nowhere_total, and no series has that name", id="a name"),
        pytest.param(
            ratio('requests_total{outcome=~"fine|well",cell="x"}', bad="requests_total"),
            "series-missing",
            'total asks for requests_total{outcome=~"fine|well",cell="x"}, and of 8 series of that '
            'name none matches: none has {outcome=~"fine|well"}, there is "error", "ok"',
            id="a value"),
        pytest.param(
            ratio("requests_total", good='requests_total{status="ok"}'), "series-missing",
            'good asks for requests_total{status="ok"}, and of 8 series of that name none matches: '
            'none has {status="ok"}, there is no such label', id="a label"),
        pytest.param(
            ratio("requests_total", bad='requests_total{outcome="timeout"}'), "bad-series-missing",
            'bad asks for requests_total{outcome="timeout"}, and of 8 series of that name none '
            'matches: none has {outcome="timeout"}, there is "error", "ok"', id="no error yet"),
        pytest.param(
            ratio("requests_total", bad="failures_total"), "bad-series-missing",
            "bad asks for failures_total, and no series has that name", id="no series of errors"),
        pytest.param(
            Threshold("depth", "<", Decimal(1)), "series-missing",
            "threshold asks for depth, and no series has that name", id="a value that is compared"),
        pytest.param(
            RawRatio("rate(requests_total[$window]) and on (job) slow_total", is_good=False),
            "expression-empty",
            "raw finds series, and over 1m there is nothing of them: rate(requests_total[1m]) and "
            "on (job) slow_total", id="operators that do not match"),
    ],
)  # fmt: skip
async def test_series_that_are_not_there_are_told_with_what_is(
    server, long, indicator, check, expected
):
    """And which matcher is the reason."""
    told = await found(server, replace(long, indicator=indicator))

    assert (check, expected) in [each[:2] for each in told]


async def test_series_that_have_ended_are_told_from_those_that_never_were(server, long):
    """Their name is right, and what serves them is not scraped."""
    selector = 'ended_total{cell="x"}'
    told = await found(server, replace(long, indicator=ratio(selector, bad="ended_total")))

    [bad, total, *_] = sorted(told)
    assert ("bad-series-missing", "series-missing") == (bad[0], total[0])
    assert bad[1].startswith("bad asks for ended_total, which has had no sample for about ")
    assert total[1].startswith(f"total asks for {selector}, which has had no sample for about ")
    assert total[1].endswith(("about 10m", "about 15m"))
    assert "see whether what serves it is up and is scraped" == total[2]


async def test_cells_are_those_of_all_events(server, long):
    """Also where there is no bad one yet."""
    said = await report(server, replace(long, indicator=ratio("requests_total", bad="failures")))

    assert ["bad-series-missing"] == [each.check for each in said.problems]
    assert [2] == [each.cells for each in said.costs]


async def test_cells_without_the_label_grouped_by_share_a_budget(server, long):
    """Some of the series, or all of them."""
    half = replace(long, indicator=ratio("half_total", bad="half_total"))

    assert [
        (
            "label-missing",
            "grouped by cell, which 1 of 2 series of total lack: they share one budget",
        )
    ] == [each[:2] for each in await found(server, half)]
    none = replace(long, grouping_labels=("cell", "zone"))
    assert [
        ("label-missing",
         "grouped by zone, which none of the 8 series of total has: they share one budget")
    ] == [each[:2] for each in await found(server, none)]  # fmt: skip


async def test_an_engine_without_the_bucket_is_named_with_what_all_have(server, long):
    """And what to add where."""
    slow = replace(long, indicator=ratio("lat_count", good='lat_bucket{le="2.5"}'))

    [(check, message, fix)] = await found(server, slow)

    assert ("bound-missing",
            'good asks for le="2.5" of lat_bucket, which 1 of 2 that serve it do not have: '
            '{job="engine",instance="b"}') == (check, message)  # fmt: skip
    assert fix.startswith("add 2.5 to the bounds of the histogram where it is made")
    assert fix.endswith("or choose a bound that all have: 1.0, +Inf")


@pytest.mark.parametrize(
    ("side", "query"),
    [
        ("good", "2 * rate(requests_total[$window])"),
        (
            "bad",
            'rate(requests_total{cell="x"}[$window]) + rate(requests_total{cell="x"}[$window])',
        ),
    ],
)
async def test_more_good_or_bad_events_than_events_are_told(server, long, side, query):
    """In which cell, up to three."""
    cells = {"good": '{cell="x"}, {cell="y"}', "bad": '{cell="x"}'}[side]
    doubled = replace(long, indicator=Ratio(REQUESTS, **{side: query}))

    [(check, message, _)] = await found(server, doubled)

    assert "part-exceeds-total" == check
    assert f"{side} counts more {side} events than total counts events: {cells}" == message


async def test_all_events_may_be_good_and_bad_ones_none(server, long):
    """Nothing is more than all."""
    for indicator in (Ratio(REQUESTS, good=REQUESTS), Ratio(REQUESTS, bad=REQUESTS)):
        assert [] == await found(server, replace(long, indicator=indicator))


async def test_an_engine_of_whose_histograms_one_lacks_the_bucket_is_named(server, long):
    """An exporter serves a tier that was never asked for with all bounds there are."""
    slow = replace(long, indicator=ratio("lat_count", good='tiered_bucket{le="2.5"}'))

    [(check, message, fix)] = await found(server, slow)

    assert "bound-missing" == check
    assert message.endswith('which 1 of 1 that serve it do not have: {job="engine",instance="a"}')
    assert fix.endswith("or choose a bound that all have: 1.0, +Inf")


async def test_vllms_bounds_cannot_be_added_to(server, long):
    """So that one of them must do."""
    name = "vllm:time_to_first_token_seconds_bucket"
    slow = replace(long, indicator=ratio("lat_count", good=f'{name}{{le="2.5"}}'))

    [(_, _, fix)] = await found(server, slow)

    assert "vLLM's bounds are fixed; choose a bound that all have: 1.0, +Inf" == fix


async def test_a_bound_that_is_written_otherwise_is_told(server, long):
    """2 is 2.0, and not the same text."""
    slow = replace(long, indicator=ratio("lat_count", good='int_bucket{le="2.0"}'))

    told = await found(server, slow)

    assert [("bound-missing", 'write le="2", as they do')] == [(each[0], each[2]) for each in told]


@pytest.mark.parametrize(
    ("name", "check", "expected"),
    [
        ("rough_total", "scrape-interval-differs",
         "the series of total of job rough have a sample every 25s, expected every 15s"),
        ("slow_total", "scrape-interval-too-long",
         "the series of total of job slow have a sample every 1m, expected two at least in the "
         "base window of 1m"),
    ],
)  # fmt: skip
async def test_series_with_rarer_samples_are_told(server, long, name, check, expected):
    """By how many a rate needs."""
    told = await found(server, replace(long, indicator=ratio(name, bad=name)))

    assert (check, expected) in [each[:2] for each in told]


async def test_a_question_that_is_refused_is_a_problem_of_the_objective(server, long):
    """The others are asked about all the same."""
    many = Threshold("requests_total / on (cell) requests_total", "<", Decimal(1))

    said = await report(server, replace(long, name="many", indicator=many), long)

    [refused] = said.problems
    assert ("query-refused", "many") == (refused.check, refused.path)
    assert "found duplicate series" in refused.message
    assert ["good"] == [each.objective for each in said.costs]


async def test_another_server_is_asked_as_well(other_server, long):
    """It tells neither how long it keeps samples nor how many it reads."""
    wrong = replace(long, name="wrong", indicator=ratio("nowhere_total", bad="requests_total"))

    said = await report(other_server, long, wrong)

    assert ["series-missing"] == [each.check for each in said.problems]
    assert said.retention_seconds is None
    assert [2, 0] == [each.cells for each in said.costs]
    assert all(each.measured_samples_per_hour is None for each in said.costs)
    assert "the server does not tell how long it keeps samples" in said.to_text()


async def test_a_server_that_is_not_there_is_an_error(long):
    """Nothing listens at port 1."""
    with pytest.raises(PrometheusError, match="does not answer"):
        await report("http://127.0.0.1:1", long)
