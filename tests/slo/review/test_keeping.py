"""What the service does beside webhooks: each task by itself, again and again."""

import asyncio
from collections.abc import Sequence

import numpy as np
from sqlalchemy import Engine, select

from slo.prometheus import PrometheusTooLargeError, PrometheusUnreachableError
from slo.review.alert_store import write_facts
from slo.review.facts import ALERTMANAGER, AlertFact
from slo.review.incident_store import INCIDENTS
from slo.review.keeping import Keeper
from slo.review.metrics import ReviewMetrics
from slo.series import Series
from tests.slo.review.messages import NOW

LABELS = {"alertname": "Burn", "severity": "page", "region": "eu", "slo": "chat"}


class Prometheus:
    """Stands for one that knows one alert, or is away."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.most_milliseconds = 10**12
        self.asked: list[str] = []

    async def __aenter__(self) -> "Prometheus":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def status(self, _: str) -> dict[str, str]:
        """Return a configuration without external labels."""
        self._answer()
        return {"yaml": "global: {}"}

    async def points(self, ranged: str) -> list[Series]:
        """Return the samples of a page; of too long a range the answer is too large."""
        self._answer()
        self.asked.append(ranged)
        if int(ranged.partition("}[")[2].partition("ms]")[0]) > self.most_milliseconds:
            raise PrometheusTooLargeError("more than can be")
        times = np.arange(NOW - 900, NOW - 600, 15, dtype=np.int64) * 1000
        labels = {"__name__": "ALERTS", "alertstate": "firing", **LABELS}
        return [Series(labels, times, np.ones(times.shape))]

    async def query_range(self, *_: object) -> Sequence[Series]:
        """Return nothing: no rules ran."""
        self._answer()
        return []

    def _answer(self) -> None:
        if self.is_away:
            raise PrometheusUnreachableError("http://prometheus does not answer")


def keeper(record: Engine, prometheus: Prometheus) -> Keeper:
    """Return what keeps a record with a stand-in, an hour back, as often as it can."""
    return Keeper(record, prometheus, ReviewMetrics(), 3600, 0.01, lambda: float(NOW))


def told(kept: Keeper) -> str:
    """Return the metrics."""
    return kept.metrics.page().decode()


async def test_a_round_makes_an_incident_of_what_prometheus_knows(sqlite_record: Engine):
    """Nobody was told of it."""
    kept = keeper(sqlite_record, Prometheus())
    await kept.keep()
    await kept.keep()

    with sqlite_record.connect() as connection:
        assert 1 == len(connection.execute(select(INCIDENTS)).all())
    assert 'shardwatch_review_rounds_total{outcome="done",task="snapshots"} 2.0' in told(kept)
    assert float(NOW - 30) == kept.metrics.known_until.labels("alerts")._value.get()


async def test_incidents_are_worked_out_while_prometheus_is_away(sqlite_record: Engine):
    """Of what webhooks told."""
    write_facts(sqlite_record, [AlertFact(ALERTMANAGER, LABELS, (NOW - 60) * 1000, None)], NOW)
    kept = keeper(sqlite_record, Prometheus(is_away=True))
    await kept.keep()

    with sqlite_record.connect() as connection:
        assert 1 == len(connection.execute(select(INCIDENTS)).all())
    assert 'shardwatch_review_rounds_total{outcome="failed",task="alerts"} 1.0' in told(kept)
    assert 'shardwatch_review_rounds_total{outcome="done",task="incidents"} 1.0' in told(kept)


async def test_it_goes_on_after_what_failed_until_it_is_left(sqlite_record: Engine):
    """A Prometheus comes back."""
    prometheus = Prometheus(is_away=True)
    kept = keeper(sqlite_record, prometheus)
    async with kept.keeping():
        for _ in range(500):
            if 'outcome="failed",task="snapshots"' in told(kept):
                prometheus.is_away = False
            if 'outcome="done",task="snapshots"' in told(kept):
                break
            await asyncio.sleep(0.01)

    assert 'outcome="done",task="snapshots"' in told(kept)


async def test_a_look_that_is_too_large_is_had_in_parts(sqlite_record: Engine):
    """Down to five minutes."""
    prometheus = Prometheus()
    prometheus.most_milliseconds = 2_000_000
    kept = keeper(sqlite_record, prometheus)
    await kept.keep()

    assert 'shardwatch_review_rounds_total{outcome="done",task="alerts"} 1.0' in told(kept)
    assert len(prometheus.asked) > 4
