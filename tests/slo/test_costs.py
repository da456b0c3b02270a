"""The estimate of samples is what Prometheus itself counts, with all windows full."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import promql_parser
import pytest

from slo.checks.live.costs import estimate_samples, rule_groups
from slo.costs import Found, recorded_intervals, samples_read
from slo.history import CellTraffic, history_batches
from slo.objective import Calendar, Slices
from slo.prometheus import PrometheusClient
from slo.series import Series
from slo.testing import running_prometheus

DAY = 86400
END = 1_760_000_400 + 1235
INTERVAL = 5.0
CELLS = "abc"
TOTAL, BAD = "requests_total", 'requests_total{outcome="error"}'


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("x", 10),
        ("x + on (a) y", 20),
        ("rate(x[1m])", 40),
        ("sum by (a) (rate(x[1m] offset 5m))", 40),
        ("sum_over_time(x[1h:5m])", 120),
        ("max_over_time((x and y)[1h:5m])", 240),
        ("sum_over_time(rate(x[1m])[10m:])", 400),
        ("vector(1)", 0),
    ],
)
def test_samples_are_counted_by_the_tree(expr, expected):
    """Ten series each, a sample every 15 s."""
    assert expected == samples_read(expr, lambda _: Found(10, 15.0))


def test_recorded_series_have_the_interval_of_their_group(objective):
    """The shortest of each."""
    intervals = recorded_intervals(rule_groups(objective, 15.0))

    assert 15.0 == intervals["slo:events:rate"]
    assert 15.0 == intervals["slo:burn_rate:ratio"]
    assert 60.0 == intervals["slo:objective:ratio"]


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {
            "slices": Slices(300, Decimal("0.95")),
            "calendar": Calendar("month", 1, "2025-01-01 00:00:00", "Europe/Berlin"),
        },
    ],
    ids=["rolling", "slices of a month"],
)
async def test_the_estimate_is_what_prometheus_counts(prometheus, tmp_path, objective, kind):
    """Within 5 %, never less: 28 days of three cells, all rules at one moment."""
    long = replace(objective, period_seconds=28 * DAY, **kind)
    groups = rule_groups(long, INTERVAL)
    scraped = {TOTAL: Found(6, INTERVAL), BAD: Found(3, INTERVAL)}
    traffic = {
        long: [
            CellTraffic({"cell": each}, lambda at: (0 * at + 0.1, 0 * at + 30)) for each in CELLS
        ]
    }
    times = np.arange(END - 600, END, 5)
    counters = [
        Series(
            {"__name__": TOTAL, "cell": cell, "outcome": outcome},
            (times * 1000).astype(np.int64),
            np.arange(len(times), dtype=np.float64),
        )
        for cell in CELLS
        for outcome in ("ok", "error")
    ]
    with running_prometheus(prometheus, tmp_path) as url:
        async with PrometheusClient(url) as client:
            for batch in history_batches(traffic, END, INTERVAL):
                await client.remote_write(batch)
            await client.remote_write(counters)
            counted = 0.0
            for group in groups:
                for rule in group.rules:
                    read = await client.samples_read(rule.expr, END)
                    assert read is not None
                    counted += read * 3600 / group.interval_seconds

    assert counted > 30e6
    assert 1 <= estimate_samples(groups, scraped, len(CELLS)) / counted < 1.05


def test_a_subquery_without_a_step_takes_prometheus_own():
    """A minute."""
    assert promql_parser.parse("x[10m:]").step is None
    assert 100 == samples_read("sum_over_time(x[10m:])", lambda _: Found(10, 15.0))
