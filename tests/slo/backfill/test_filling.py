"""Where the past goes: into servers that take it and that do not, once, and as blocks."""

import re
import subprocess
import time
import urllib.request
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from exporters.problems import InputError
from slo import conventions as names
from slo.backfill.changes import other_objective, other_target
from slo.backfill.fill import fill
from slo.backfill.sinks import OpenMetricsFile, RemoteWriteSink
from slo.backfill.stretches import Stretch, find_stretches
from slo.fingerprint import fingerprint
from slo.objective import Ratio, Slices
from slo.prometheus import PrometheusClient
from slo.rule import matching
from slo.series import Series
from slo.testing import running_prometheus, running_victoria_metrics
from tests.slo.backfill.conftest import HOUR, INTERVAL, requests

NOW = 1_760_054_400 + 40 * HOUR + 1234
START = NOW - 25 * HOUR
TAKES_OLD = "storage: {tsdb: {out_of_order_time_window: 30d}}"


async def fill_into(sink, stretches, source, objective):
    """Fill an objective's past."""
    return await fill(
        objective, stretches, source, sink,
        interval_seconds=INTERVAL, start=START, now=NOW, tell=lambda _: None,
    )  # fmt: skip


async def missing(client, objective):
    """Return what a server has nothing recorded of."""
    return await find_stretches(client, objective, INTERVAL, START, NOW)


async def everything(client, objective):
    """Return every recorded sample of an objective, read at each step and at the end."""
    found = {}
    for series in await client.query_range(f'{{slo="{objective.name}"}}', START, NOW, 60):
        found |= {
            (frozenset(series.labels.items()), int(at)): value
            for at, value in zip(series.times_ms, series.values, strict=True)
        }
    return found


@pytest.fixture
async def client(prometheus, tmp_path):
    """Of a Prometheus that takes old samples, with raw counters of 26 hours."""
    with running_prometheus(prometheus, tmp_path, TAKES_OLD) as url:
        async with PrometheusClient(url) as client:
            await client.remote_write(requests(NOW - 26 * HOUR, NOW))
            yield client


async def test_what_is_filled_is_not_filled_again(client, objective, keeping_sink):
    """A second run finds the hours before the first raw sample at most, and nothing in them."""
    stretches = await missing(client, objective)
    assert [Stretch(START, NOW, reaches_now=True)] == stretches
    filled = await fill_into(RemoteWriteSink(client, "url"), stretches, client, objective)

    assert 1 == filled.cells
    assert [] == await missing(client, objective)
    (left,) = await client.query(matching(names.BUDGET_REMAINING, objective), NOW)
    assert 0 == pytest.approx(left.value, abs=1e-6)


@pytest.mark.parametrize("minute", [0, 49, 51, 56, 59])
async def test_nothing_is_left_whatever_the_minute(minute, prometheus, tmp_path, objective):
    """The first full hour may lie so near to the start that no step is seen before it."""
    now = NOW // HOUR * HOUR + minute * 60 + 7
    start = now - 25 * HOUR
    with running_prometheus(prometheus, tmp_path, TAKES_OLD) as url:
        async with PrometheusClient(url) as client:
            await client.remote_write(requests(now - 26 * HOUR, now))
            sink = RemoteWriteSink(client, "url")
            stretches = await find_stretches(client, objective, INTERVAL, start, now)
            await fill(
                objective, stretches, client, sink,
                interval_seconds=INTERVAL, start=start, now=now, tell=lambda _: None,
            )  # fmt: skip

            assert [] == await find_stretches(client, objective, INTERVAL, start, now)


async def test_an_interrupted_run_is_gone_on_with(client, objective, keeping_sink):
    """With the same result as one that was not, and nothing written twice."""
    whole = keeping_sink()
    stretches = await missing(client, objective)
    await fill_into(whole, stretches, client, objective)
    part = keeping_sink(breaks_after=len(whole.batches) // 2)
    with pytest.raises(ConnectionError):
        await fill_into(part, stretches, client, objective)
    for batch in part.batches:
        await client.remote_write(batch)

    (left,) = await missing(client, objective)
    assert part.batches[-1][-1].times_ms[-1] / 1000 == left.start
    rest = keeping_sink()
    await fill_into(rest, [left], client, objective)

    def samples(batches):
        return [
            (frozenset(each.labels.items()), int(at), value)
            for batch in batches
            for each in batch
            for at, value in zip(each.times_ms, each.values, strict=True)
        ]

    both = [*part.batches, *rest.batches]
    assert sorted(samples(whole.batches), key=str) == sorted(samples(both), key=str)


async def test_nothing_is_written_where_the_rules_recorded(client, objective, keeping_sink):
    """It ends right before their first sample, and goes around what they recorded before."""
    began = NOW - 2 * HOUR - 7
    own = {"slo": objective.name, "service": objective.service, "cell": "a"}
    base = {"__name__": names.EVENTS_RATE, **own}
    full = {"__name__": names.EVENTS_FULL_HOURS, "window": "1d", **own}
    for labels, first in ((base, began), (full, began + 30)):
        await client.remote_write([_every_minute(labels, first, NOW)])
    await client.remote_write([_every_minute(full, NOW - 12 * HOUR, NOW - 10 * HOUR)])

    stretches = await missing(client, objective)
    expected = [(START, NOW - 12 * HOUR), (NOW - 10 * HOUR, began)]
    assert expected == [
        (pytest.approx(each.start, abs=60), pytest.approx(each.end, abs=1)) for each in stretches
    ]
    sink = keeping_sink()
    await fill_into(sink, stretches, client, objective)
    times = [int(at) / 1000 for batch in sink.batches for each in batch for at in each.times_ms]
    assert max(times) < began
    assert not [at for at in times if NOW - 12 * HOUR <= at <= NOW - 10 * HOUR - 60]


def _every_minute(labels, first, last):
    times_ms = np.arange(int(first * 1000), int(last * 1000), 60_000, dtype=np.int64)
    return Series(labels, times_ms, np.ones(times_ms.shape))


async def test_another_target_of_before_is_told(client, objective):
    """What was recorded with it is left as it is, and means another promise."""
    stretches = await missing(client, objective)
    await fill_into(RemoteWriteSink(client, "url"), stretches, client, objective)

    assert await other_target(client, objective, START, NOW) is None
    stricter = replace(objective, target=Decimal("0.999"))
    assert [] == await missing(client, stricter)
    assert "good: the target was 0.99 until 2025-10-11 16:00 UTC; " in (
        await other_target(client, stricter, START, NOW)
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"indicator": Ratio(total="rate(requests_total[$window])",
                            bad='rate(requests_total{outcome=~"error|lost"}[$window])')},
        {"grouping_labels": ("cell", "tier")},
        {"period_seconds": 2 * 86400},
        {"slices": Slices(300, Decimal("0.9"))},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
async def test_another_objective_of_the_same_name_is_a_problem(client, objective, changed):
    """Not another target, nor another layout of the same expression."""
    await client.remote_write([_every_hour(objective, NOW - 20 * HOUR, NOW - 10 * HOUR)])
    good = replace(objective.indicator, total="rate(requests_total[$window]) ")
    same = replace(objective, target=Decimal("0.9"), indicator=good)
    assert await other_objective(client, same, 25 * HOUR, NOW) is None

    other = replace(objective, **changed)
    problem = await other_objective(client, other, 25 * HOUR, NOW)
    assert "good" == problem.path
    assert re.match(
        "until about 2025-10-11 06:0[05] UTC another objective was recorded under this name: ",
        problem.message,
    )
    assert await other_objective(client, other, 9 * HOUR, NOW) is None


def _every_hour(objective, first, last):
    labels = {"__name__": names.FINGERPRINT, "slo": objective.name, "service": objective.service}
    times_ms = np.arange(first // HOUR * HOUR + HOUR, last, HOUR, dtype=np.int64) * 1000
    return Series(labels, times_ms, np.full(times_ms.shape, float(fingerprint(objective))))


async def test_before_raw_series_begin_nothing_is_written(client, objective, keeping_sink):
    """So that a second run has nothing to do, however long the period."""
    month = replace(objective, period_seconds=28 * 86400)
    start = NOW - 28 * 24 * HOUR

    async def run():
        sink = keeping_sink()
        stretches = await find_stretches(client, month, INTERVAL, start, NOW)
        filled = await fill(
            month, stretches, client, sink,
            interval_seconds=INTERVAL, start=start, now=NOW, tell=lambda _: None,
        )  # fmt: skip
        for batch in sink.batches:
            await client.remote_write(batch)
        return filled, sink.batches

    first, batches = await run()
    assert NOW - 26 * HOUR == pytest.approx(first.seen_from, abs=300)
    assert first.seen_from < min(each.times_ms[0] for each in batches[0]) / 1000
    again, nothing = await run()
    assert (0, []) == (again.samples, nothing)


async def test_a_server_that_takes_no_old_samples_is_told_what_it_needs(
    prometheus, tmp_path, objective, client
):
    """Its refusal, and the setting."""
    (tmp_path / "other").mkdir()
    with running_prometheus(prometheus, tmp_path / "other") as url:
        async with PrometheusClient(url) as other:
            later = NOW + 20 * 24 * HOUR  # half of a block is what it takes anyway
            await other.remote_write(requests(later, later + HOUR))
            with pytest.raises(InputError) as caught:
                await fill_into(
                    RemoteWriteSink(other, url), await missing(other, objective), client, objective
                )

    assert "refused samples" in str(caught.value)
    assert "out_of_order_time_window" in str(caught.value)


async def test_an_empty_server_takes_it_as_it_is(prometheus, tmp_path, objective, client):
    """In time order, without a window for old samples."""
    (tmp_path / "other").mkdir()
    with running_prometheus(prometheus, tmp_path / "other") as url:
        async with PrometheusClient(url) as other:
            stretches = await missing(other, objective)
            await fill_into(RemoteWriteSink(other, url), stretches, client, objective)
            await fill_into(RemoteWriteSink(client, url), stretches, client, objective)
            copies = [await everything(each, objective) for each in (other, client)]

    assert copies[0]
    assert copies[0] == copies[1]


async def test_victoria_metrics_is_filled_as_well(victoria_metrics, tmp_path, objective):
    """Old samples within its retention need no setting there; a second run finds all of it."""
    now = time.time()
    start = now - 25 * HOUR
    with running_victoria_metrics(victoria_metrics, tmp_path) as url:
        async with PrometheusClient(url) as client:
            await client.remote_write(requests(now - 26 * HOUR, now))
            make_visible(url)
            stretches = await find_stretches(client, objective, INTERVAL, start, now)
            await fill(
                objective, stretches, client, RemoteWriteSink(client, url),
                interval_seconds=INTERVAL, start=start, now=now, tell=lambda _: None,
            )  # fmt: skip
            make_visible(url)
            again = await find_stretches(client, objective, INTERVAL, start, now)
            same, other = [
                await other_objective(client, each, 25 * HOUR, now)
                for each in (objective, replace(objective, grouping_labels=()))
            ]
            budget = matching(names.BUDGET_REMAINING, objective)
            (left,) = await client.query(f"last_over_time({budget}[10m])", now)

    assert [Stretch(start, now, reaches_now=True)] == stretches
    assert [] == again
    assert (True, True) == (same is None, other is not None)
    assert 0 == pytest.approx(left.value, abs=1e-6)


def make_visible(url):
    """Have VictoriaMetrics show what was just written, instead of within a second or two."""
    with urllib.request.urlopen(f"{url}/internal/force_flush"):  # noqa: S310 - our own child
        pass


async def test_blocks_hold_the_same(prometheus, promtool, tmp_path, objective, client):
    """Through promtool, for servers that take nothing by remote write."""
    stretches = await missing(client, objective)
    with OpenMetricsFile(tmp_path / "slo-good.om") as file:
        await fill_into(file, stretches, client, objective)
    blocks = tmp_path / "blocks"
    blocks.mkdir()
    command = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=240h"]
    done = subprocess.run(
        [str(promtool), *command, str(tmp_path / "slo-good.om"), str(blocks / "data")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    await fill_into(RemoteWriteSink(client, "url"), stretches, client, objective)
    with running_prometheus(prometheus, blocks) as url:
        async with PrometheusClient(url) as other:
            copies = [await everything(each, objective) for each in (other, client)]

    assert copies[0]
    assert copies[0] == copies[1]


def test_a_file_that_was_not_finished_is_not_there(tmp_path):
    """Nobody takes half a past for the whole."""
    with pytest.raises(ConnectionError), OpenMetricsFile(tmp_path / "x.om"):
        raise ConnectionError
    assert [] == list(tmp_path.iterdir())
    with OpenMetricsFile(tmp_path / "x.om"):
        pass
    assert "# EOF\n" == (tmp_path / "x.om").read_text()
