"""What is asked of Prometheus while an incident lasts: each step of its place's cells, once."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import Engine

from slo.prometheus import PrometheusError
from slo.review.alert_store import write_facts
from slo.review.database import writing
from slo.review.facts import ALERTMANAGER, AlertFact
from slo.review.incident_store import INCIDENTS, sync_incidents
from slo.review.spending import take_spending
from slo.series import Series

T = 1_789_999_200
"""A full hour, UNIX seconds."""
BAD = "slo:events_bad:count"


class Prometheus:
    """Stands for one that knows nothing, and notes what it was asked of bad events."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.fails = False

    async def query_range(self, query: str, begin: int, end: int, step: int) -> Sequence[Series]:
        """Return nothing."""
        assert 300 == step
        if self.fails:
            raise PrometheusError("is restarting")
        if query.startswith(BAD):
            self.asked.append((query.partition("5m")[2][3:-1], begin - T, end - T))
        return []

    def told(self, record: Engine, now: int) -> list[tuple[str, int, int]]:
        """Return what it is asked at a time: of which cells, from when to when; seconds since T."""
        self.asked = []
        asyncio.run(take_spending(self, record, now))  # type: ignore[arg-type]
        return self.asked


@pytest.fixture
def prometheus() -> Prometheus:
    """Stand for one."""
    return Prometheus()


def page(record: Engine, name: str, at: int, *, end: int | None = None, **place: str) -> None:
    """Tell of a page, and work incidents out."""
    labels = {"alertname": name, "severity": "page", **place}
    ended = None if end is None else end * 1000
    write_facts(record, [AlertFact(ALERTMANAGER, labels, at * 1000, ended)], at)
    sync_incidents(record, 0)


def test_steps_are_asked_for_once_they_are_sure_to_be_recorded(
    sqlite_record: Engine, prometheus: Prometheus
):
    """From an hour before the first alert, a minute late, until a quarter after the last page."""
    page(sqlite_record, "Burn", T, region="eu", slo="chat")
    eu = 'region=~"|eu"'

    assert [(eu, -3600, 0)] == prometheus.told(sqlite_record, T + 359)
    assert [(eu, 300, 300)] == prometheus.told(sqlite_record, T + 360)
    assert [] == prometheus.told(sqlite_record, T + 600)
    page(sqlite_record, "Burn", T, end=T + 700, region="eu", slo="chat")
    assert [(eu, 600, 1500)] == prometheus.told(sqlite_record, T + 7200)
    assert [] == prometheus.told(sqlite_record, T + 9000)


def test_an_incident_whose_place_widens_is_asked_for_from_its_beginning(
    record: Engine, prometheus: Prometheus
):
    """The other models of the region have spent all the while."""
    page(record, "Burn", T, region="eu", model="chat", slo="chat")
    first = prometheus.told(record, T + 900)
    page(record, "RegionFailing", T + 900, region="eu")
    again = prometheus.told(record, T + 1500)
    page(record, "Burn", T + 1200, region="eu", model="code", slo="chat")

    assert [('region=~"|eu", model=~"|chat"', -3600, 600)] == first
    assert [('region=~"|eu"', -3600, 1200)] == again
    assert [('region=~"|eu"', 1500, 1500)] == prometheus.told(record, T + 1800)


def test_an_incident_that_began_earlier_than_was_known_is_asked_for_from_there(
    sqlite_record: Engine, prometheus: Prometheus
):
    """A page was told late."""
    page(sqlite_record, "Burn", T, region="eu", slo="chat")
    prometheus.told(sqlite_record, T + 900)
    page(sqlite_record, "Other", T - 1800, end=T + 60, region="eu", slo="chat")

    assert [('region=~"|eu"', -5400, 900)] == prometheus.told(sqlite_record, T + 1200)


def test_an_incident_that_widens_while_it_is_asked_for_is_asked_for_again(
    sqlite_record: Engine, prometheus: Prometheus, monkeypatch: pytest.MonkeyPatch
):
    """Another service of the same record heard of it."""
    page(sqlite_record, "Burn", T, region="eu", model="chat", slo="chat")
    ask = prometheus.query_range

    async def ask_while_it_widens(*asked: object) -> Sequence[Series]:
        with writing(sqlite_record) as connection:
            connection.execute(INCIDENTS.update(), {"labels": {"region": "eu"}})
        return await ask(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(prometheus, "query_range", ask_while_it_widens)
    prometheus.told(sqlite_record, T + 900)
    monkeypatch.undo()

    assert [('region=~"|eu"', -3600, 900)] == prometheus.told(sqlite_record, T + 960)


def test_steps_that_were_not_told_are_asked_for_again(
    sqlite_record: Engine, prometheus: Prometheus
):
    """Once it answers."""
    page(sqlite_record, "Burn", T, region="eu", slo="chat")
    prometheus.fails = True
    with pytest.raises(PrometheusError):
        prometheus.told(sqlite_record, T + 360)
    prometheus.fails = False

    assert [('region=~"|eu"', -3600, 300)] == prometheus.told(sqlite_record, T + 360)
