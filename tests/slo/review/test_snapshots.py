"""A record of a real Prometheus: the same digits, missed hours filled, incidents with a cost."""

import asyncio
import time
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import func, select

from demo.setup.programs import find_program
from slo import conventions as names
from slo.history import CellTraffic, history_batches
from slo.objective import Objective, Ratio
from slo.prometheus import PrometheusClient, PrometheusError
from slo.review.hours import HOUR, Hours
from slo.review.incident_store import INCIDENTS, sync_incidents
from slo.review.reconciling import read_external_labels, reconcile
from slo.review.snapshot_store import ASKED, CELLS, KNOWN, SNAPSHOTS, VERSIONS, write_hours
from slo.review.snapshots import take_snapshots
from slo.review.spending import SPENT, matchers, take_spending
from slo.series import Series
from slo.testing import running_prometheus

DAY = 86_400
END = int(time.time()) // HOUR * HOUR
HIT = END - 3300
"""When things went wrong, for ten minutes: later than that no sample is too old to be written."""
PLACE = {"cluster": "demo", "region": "eu", "model": "chat"}
BASE_INTERVAL = 60.0


def rates(times):
    """Return bad events and all events per second: 0.1 % bad, and half while it is hit."""
    total = 20 + np.sin(times)
    is_hit = (times > HIT) & (times <= HIT + 600)
    return total * np.where(is_hit, 0.5, 0.001), total


def page() -> Series:
    """Return the samples of a page that fired a minute after the hit, for twelve minutes."""
    times = (HIT + 60 + 15 * np.arange(49, dtype=np.int64)) * 1000 + 7
    labels = {"__name__": "ALERTS", "alertstate": "firing", "alertname": "Burn"}
    own = {"severity": "page", "slo": "good", "service": "things", **PLACE}
    return Series({**labels, **own}, times, np.ones(times.shape))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Give the address of a Prometheus that knows two days of one cell, and its page."""
    ratio = Ratio(total="rate(a[$window])", bad="rate(b[$window])")
    objective = Objective("good", "things", Decimal("0.99"), DAY, tuple(PLACE), ratio)
    folder = tmp_path_factory.mktemp("prometheus")
    with running_prometheus(find_program("prometheus"), folder) as url:
        asyncio.run(_write(url, objective))
        yield url


async def _write(url: str, objective: Objective) -> None:
    async with PrometheusClient(url) as client:
        traffic = {objective: [CellTraffic(PLACE, rates)]}
        for batch in history_batches(traffic, END, BASE_INTERVAL):
            await client.remote_write(batch)
        await client.remote_write([page()])


async def test_a_snapshot_is_what_prometheus_says_to_the_last_digit(record, server):
    """Of the budget, and of the hours that it is summed of."""
    async with PrometheusClient(server) as client:
        await take_snapshots(client, record, END + 120, 5 * HOUR)
        (left,) = await client.query(names.BUDGET_REMAINING, END)
        (bad,) = await client.query('slo:events_bad:count{window="1h"}', END)

    with record.connect() as connection:
        row = connection.execute(select(SNAPSHOTS).where(SNAPSHOTS.c.at == END)).one()
    assert (repr(left.value), repr(bad.value)) == (repr(row.budget_remaining), repr(row.events_bad))


async def test_the_hours_of_the_record_add_up_to_the_period(record, server):
    """Whatever is asked for twice is there once."""
    for now in (END - 7 * HOUR, END + 120, END + 150):
        async with PrometheusClient(server) as client:
            await take_snapshots(client, record, now, DAY)

    hours = (SNAPSHOTS.c.at > END - DAY) & (SNAPSHOTS.c.at <= END)
    with record.connect() as connection:
        summed = connection.execute(select(func.sum(SNAPSHOTS.c.events)).where(hours)).scalar()
        row = connection.execute(select(SNAPSHOTS).where(SNAPSHOTS.c.at == END)).one()
        versions = connection.execute(select(VERSIONS)).all()
    # The period's own count has the steps of the hour that runs, too: five, of up to 21 a second.
    assert summed == pytest.approx(row.events_of_period, rel=5 * 21 / 20 / 1440)
    assert [("0.99", DAY)] == [(each.target, each.period_seconds) for each in versions]


async def test_hours_that_prometheus_does_not_know_are_unknown_and_asked_once(
    sqlite_record, server
):
    """Its retention has passed, or its rules did not run."""
    async with PrometheusClient(server) as client:
        asked = await take_snapshots(client, sqlite_record, END + 120, 4 * DAY)
        again = await take_snapshots(client, sqlite_record, END + 120, 4 * DAY)

    with sqlite_record.connect() as connection:
        silent = connection.execute(select(ASKED).where(ASKED.c.objectives == 0)).all()
        known = connection.execute(select(func.count()).select_from(KNOWN)).scalar()
    assert (4 * 24, 0) == (asked, again)
    assert len(silent) + known == asked
    assert min(each.at for each in silent) < END - 2 * DAY


async def test_hours_that_were_missed_are_asked_for_however_short_the_first_reach_was(
    sqlite_record, server
):
    """The service was away for longer than it reaches back; what was before its first hour is not.

    A minute after an hour it is sure to be recorded.
    """
    async with PrometheusClient(server) as client:
        asked = [
            await take_snapshots(client, sqlite_record, now, 2 * HOUR)
            for now in (END - 12 * HOUR + 60, END + 59, END + 60)
        ]

    with sqlite_record.connect() as connection:
        known = connection.execute(select(KNOWN.c.at).order_by(KNOWN.c.at)).scalars().all()
    assert [2, 11, 1] == asked
    assert list(range(END - 13 * HOUR, END + HOUR, HOUR)) == list(known)


async def test_an_hour_that_was_unknown_is_known_once_its_history_is_written(sqlite_record, server):
    """It is asked for again after an hour, for a week."""
    hours = [END - HOUR, END]
    write_hours(sqlite_record, hours, Hours(), END + 60)

    async with PrometheusClient(server) as client:
        soon = await take_snapshots(client, sqlite_record, END + 120, HOUR)
        later = await take_snapshots(client, sqlite_record, END + 60 + HOUR, 2 * HOUR + 60)

    with sqlite_record.connect() as connection:
        known = connection.execute(select(KNOWN.c.at).order_by(KNOWN.c.at)).scalars().all()
    assert (0, 3) == (soon, later)
    assert hours == list(known)[:2]


async def test_an_incident_that_nobody_was_told_of_is_in_the_record_with_its_cost(record, server):
    """Alertmanager was never heard: Prometheus knows, and it is there once."""
    for _ in range(2):
        async with PrometheusClient(server) as client:
            await reconcile(client, record, (END + 120) * 1000, 2 * HOUR * 1000)
            sync_incidents(record, 0)
            await take_spending(client, record, END + 120)

    with record.connect() as connection:
        (incident,) = connection.execute(select(INCIDENTS)).all()
        bad = connection.execute(select(func.sum(SPENT.c.events_bad))).scalar()
        (cell,) = connection.execute(select(CELLS.c.labels)).scalars()
    fired = (HIT + 60) * 1000 + 7
    assert (fired, fired + 720_000) == (incident.started_at_ms, incident.ended_at_ms)
    assert PLACE == cell
    assert 600 * 20 * 0.5 == pytest.approx(bad, rel=0.05)


async def test_a_prometheus_that_is_down_loses_nothing(sqlite_record, server):
    """What was not told is asked for when it is back."""
    async with PrometheusClient("http://127.0.0.1:1") as client:
        with pytest.raises(PrometheusError):
            await take_snapshots(client, sqlite_record, END + 120, 3 * HOUR)
        with pytest.raises(PrometheusError):
            await reconcile(client, sqlite_record, END * 1000, HOUR * 1000)
    async with PrometheusClient(server) as client:
        assert 3 == await take_snapshots(client, sqlite_record, END + 120, 3 * HOUR)


def test_a_place_is_matched_as_it_is_written():
    """A value is no expression."""
    assert 'window="5m", model=~"|a\\\\.b\\"c\\\\\\\\"' == matchers({"model": 'a.b"c\\'})


def test_external_labels_are_those_that_alerts_keep():
    """A replica's name is dropped, so that both servers' alerts are one."""
    text = (
        "global: {external_labels: {replica: a, cluster: prod}}\n"
        "alerting: {alert_relabel_configs: [{regex: replica, action: labeldrop}]}\n"
    )

    assert {"cluster": "prod"} == read_external_labels(text)
    leaves = "{alert_relabel_configs: [{regex: replica, action: labeldrop}]}"
    for entries, left in (
        (f"[{leaves}, {leaves}]", {"cluster"}),
        (f"[{leaves}, {{}}]", {"cluster", "replica"}),
    ):
        text = text.partition("alerting:")[0] + f"alerting: {{alertmanagers: {entries}}}\n"
        assert left == {*read_external_labels(text)}
    assert {} == read_external_labels("global: [")
