"""What counters say of the last days is the same by hours and by moments, in either server."""

import asyncio
import time
import urllib.request

import numpy as np
import pytest

from slo.adopt import history
from slo.adopt.history import Historian, Span
from slo.adopt.raw import Kind, RawIndicator, RawSeries
from slo.prometheus import PrometheusClient, Sample
from slo.series import Series
from slo.testing import running_prometheus, running_victoria_metrics
from tests.slo.adopt.conftest import counter

DAY = 86400
DAYS = 5
INTERVAL = 300
INDICATOR = RawIndicator(
    kind=Kind.AVAILABILITY,
    stands_on="routers",
    part=(RawSeries("requests_total", ('outcome="error"',)), RawSeries("refused_total")),
    is_good=False,
    total=(RawSeries("requests_total"), RawSeries("refused_total")),
    model_label="model",
    region_label="region",
    threshold_seconds=None,
    lacks=(),
)


def written(now):
    """Return five days of two cells: in the last one a process began anew at the begin of a day."""
    times = np.arange(now - DAYS * DAY - 1800, now + 1200, INTERVAL)
    since = times - times[0]
    whole = {"model": "chat", "region": "eu"}
    anew = {"model": "chat", "region": "us"}
    restart = times >= now - DAY
    began = np.where(restart, since - since[restart][0], since)
    return [
        counter("requests_total", {**whole, "outcome": "ok"}, times, since * 0.99),
        counter("requests_total", {**whole, "outcome": "error"}, times, since * 0.01),
        counter("requests_total", {**anew, "outcome": "ok"}, times, began),
        counter("requests_total", {**anew, "outcome": "error"}, times, began * 0),
        # Born within the last day: all that it counts is new.
        *[counter("refused_total", whole, times[restart], began[restart] * 0.02)],
    ]


@pytest.fixture(scope="module")
def now():
    """When the past ends."""
    return time.time()


@pytest.fixture(scope="module", params=["prometheus", "victoria_metrics"])
def server(request, now, prometheus, victoria_metrics, tmp_path_factory):
    """Give the address of a server that has the past."""
    folder = tmp_path_factory.mktemp(request.param)
    running = {
        "prometheus": lambda: running_prometheus(prometheus, folder),
        "victoria_metrics": lambda: running_victoria_metrics(victoria_metrics, folder),
    }[request.param]

    async def write(url):
        async with PrometheusClient(url) as client:
            await client.remote_write(written(now))

    with running() as url:
        asyncio.run(write(url))
        if request.param == "victoria_metrics":
            with urllib.request.urlopen(f"{url}/internal/force_flush", timeout=10):  # noqa: S310
                pass
        yield url


async def ask(server, now, days=DAYS, indicator=INDICATOR):
    """Return the history of an indicator."""
    async with PrometheusClient(server) as client:
        return await Historian(client, {}, days, INTERVAL, now).ask(indicator)


@pytest.mark.parametrize("most_samples", [10**9, 0], ids=["by hours", "by moments"])
async def test_events_and_bad_ones_are_told_by_day_and_cell(server, now, most_samples, monkeypatch):
    """A day is 86,400 events; a counter that began anew or is new counts from 0."""
    monkeypatch.setattr(history, "MOST_SAMPLES", most_samples)

    found = await ask(server, now)

    assert (most_samples == 0) == found.by_moments
    assert {("chat", "eu"), ("chat", "us")} == {(c[1], c[0]) for c in found.cells}
    assert set(range(DAYS)) == set(found.cells["eu", "chat"])
    for day, of in found.cells["eu", "chat"].items():
        refused = 0.02 * DAY if day == 0 else 0.0
        assert of.total == pytest.approx(DAY + refused, rel=0.01)
        assert of.bad == pytest.approx(0.01 * DAY + refused, rel=0.03)
    for of in found.cells["us", "chat"].values():
        assert of.total == pytest.approx(DAY, rel=0.01)
        assert of.bad == 0


async def test_of_very_many_series_the_moments_are_days_apart(server, now, monkeypatch):
    """So that what the server has to do has a bound. More is lost where counters begin anew."""
    monkeypatch.setattr(history, "MOST_SAMPLES", 0)
    monkeypatch.setattr(history, "MOST_LOOKUPS", 3 * 7 * DAYS / 2)

    found = await ask(server, now)

    assert (2, 4, 4) == (found.span_days, found.days, found.days_seen)
    assert () == found.notes
    assert found.cells["eu", "chat"][1].total == pytest.approx(2 * DAY, rel=0.01)
    assert [pytest.approx(DAY, rel=0.01), pytest.approx(2 * DAY, rel=0.01)] == [
        found.cells["us", "chat"][span].total for span in (0, 1)
    ]


async def test_days_before_the_first_sample_are_no_days(server, now, monkeypatch):
    """The half hour at the begin is of no day that two moments tell, and of one that hours tell."""
    by_hours = await ask(server, now, days=20)
    monkeypatch.setattr(history, "MOST_SAMPLES", 0)
    by_moments = await ask(server, now, days=20)

    assert (20, DAYS + 1) == (by_hours.days, by_hours.days_seen)
    assert (20, DAYS) == (by_moments.days, by_moments.days_seen)


async def test_days_that_a_slow_server_has_no_time_for_are_left_out(server, now, monkeypatch):
    """And it is said."""
    monkeypatch.setattr(history, "MOST_SAMPLES", 0)
    monkeypatch.setattr(history, "PATIENCE_SECONDS", -1.0)

    found = await ask(server, now)

    assert (0, 0) == (found.days, found.days_seen)
    assert ("the server was slow: it was asked for the last 0 days alone",) == found.notes


async def test_far_too_many_series_are_not_asked_about(server, now, monkeypatch):
    """Their number is asked for, and nothing else."""
    monkeypatch.setattr(history, "MOST_SERIES", 4)

    found = await ask(server, now)

    assert {} == found.cells
    assert ("7 series were too many to look back at",) == found.notes


async def test_a_question_that_the_server_refuses_is_no_history(server, now):
    """As where a limit of the server's is below ours."""
    wrong = RawSeries("requests_total", ('outcome="',))
    found = await ask(server, now, indicator=RawIndicator(**{**vars(INDICATOR), "total": (wrong,)}))

    assert {} == found.cells
    assert found.notes


class Hours:
    """A server that has counted so many an hour.

    Args:
        bad: of each hour.
        total: of each hour.
    """

    def __init__(self, bad: float, total: float) -> None:
        self._by_name = {"bad_total": bad, "all_total": total}

    async def query(self, expr: str, time: float | None = None) -> list[Sample]:
        """Return how many series there are."""
        return [Sample({}, 1.0)]

    async def query_range(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """Return the increases."""
        [per_hour] = [events for name, events in self._by_name.items() if name in expr]
        times = np.arange(start, end + 1, step)
        return [counter("", {"model": "chat", "region": "eu"}, times, times * 0 + per_hour)]


@pytest.mark.parametrize(
    ("bad", "is_good", "expected"),
    [(2, False, 2), (12, False, 10), (4, True, 6), (12, True, 0)],
)
@pytest.mark.parametrize("now", [1_800_000_000.0, 1_800_000_000.0007])
async def test_bad_events_are_none_too_few_and_no_more_than_all(bad, is_good, expected, now):
    """Counters are read at two moments. Each day has its 24 hours, wherever milliseconds end."""
    sides = {"part": (RawSeries("bad_total"),), "total": (RawSeries("all_total"),)}
    indicator = RawIndicator(**{**vars(INDICATOR), **sides, "is_good": is_good})

    found = await Historian(Hours(bad, 10), {}, 3, INTERVAL, now).ask(indicator)

    assert dict.fromkeys(range(3), Span(24.0 * expected, 240.0)) == found.cells["eu", "chat"]
