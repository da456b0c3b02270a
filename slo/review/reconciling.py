"""Holding the record against ``ALERTS`` in Prometheus: what nobody was told of is found there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from sqlalchemy import Connection, Engine, Table, select

from slo.prometheus import (
    PrometheusClient,
    PrometheusError,
    PrometheusTooLargeError,
    PrometheusUnreachableError,
)
from slo.review.alert_store import ALERTS, add_facts, insert
from slo.review.database import writing
from slo.review.facts import PROMETHEUS, AlertFact
from slo.review.firing import FIRING, Look, firing_facts
from slo.review.models import Base, Mark

MARKS: Table = Base.metadata.tables[Mark.__tablename__]
MARK = "alerts"
LONGEST_LOOK_MS = 6 * 3_600_000
"""Samples of so much time are asked for at once."""
SHORTEST_LOOK_MS = 300_000
"""Of less no answer is too large to be had."""
LATE_MS = 30_000
"""A sample may come so late."""


async def reconcile(
    prometheus: PrometheusClient, engine: Engine, now_ms: int, reach_ms: int
) -> int:
    """Add what Prometheus knows of alerts up to now; return up to when that is, UNIX milliseconds.

    Args:
        prometheus: that is asked.
        engine: of the record.
        now_ms: UNIX milliseconds. Before the last look, which a clock that went back makes it,
            nothing is asked.
        reach_ms: how far back the first look goes.

    Raises:
        PrometheusError: if it does not answer: what was seen before is kept.
    """
    external = await _external_labels(prometheus)
    with engine.connect() as connection:
        mark = connection.execute(select(MARKS.c.at_ms).where(MARKS.c.name == MARK)).scalar()
    known_until = now_ms - reach_ms if mark is None else mark
    longest = LONGEST_LOOK_MS
    while known_until < now_ms - LATE_MS:
        until = min(known_until + longest, now_ms - LATE_MS)
        look = Look(known_until, until)
        window = f"{look.until - look.start}ms"
        try:
            samples = await prometheus.points(f"{FIRING}[{window}] @ {until / 1000:.3f}")
        except PrometheusTooLargeError:
            if longest <= SHORTEST_LOOK_MS:
                raise
            longest //= 2
            continue
        await asyncio.to_thread(_commit, engine, look, samples, external, now_ms // 1000)
        known_until = until
    return known_until


def _commit(
    engine: Engine, look: Look, samples: Any, external: Mapping[str, str], now: int
) -> None:
    with writing(engine) as connection:
        _add(connection, look, samples, external, now)


def _add(
    connection: Connection, look: Look, samples: Any, external: Mapping[str, str], now: int
) -> None:
    """Add what a look tells, and that it was had; another's look in between makes it void."""
    mark = connection.execute(select(MARKS.c.at_ms).where(MARKS.c.name == MARK)).scalar()
    if mark is not None and mark != look.known_until:
        return
    is_open = (ALERTS.c.witness == PROMETHEUS) & ALERTS.c.ends_at_ms.is_(None)
    known = [
        AlertFact(row.witness, row.labels, row.starts_at_ms, None)
        for row in connection.execute(select(ALERTS).where(is_open))
    ]
    facts = firing_facts(samples, look, {each.identity: each for each in known}, external)
    if facts:
        add_facts(connection, facts, now)
    statement = insert(connection, MARKS)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[MARKS.c.name], set_={"at_ms": statement.excluded.at_ms}
        ),
        {"name": MARK, "at_ms": look.until},
    )


async def _external_labels(prometheus: PrometheusClient) -> dict[str, str]:
    """Return the labels that a server adds to alerts that it sends; none if it does not tell.

    Raises:
        PrometheusUnreachableError: if it does not answer.
    """
    try:
        told = await prometheus.status("config")
    except PrometheusUnreachableError:
        raise  # with other labels, alerts would be other ones
    except PrometheusError:
        return {}
    return read_external_labels(str(told.get("yaml", "")))


def read_external_labels(text: str) -> dict[str, str]:
    """Return the external labels of a server's configuration, without those that alerts lose."""
    try:
        config = yaml.safe_load(text) or {}
        labels = dict(config.get("global", {}).get("external_labels") or {})
        alerting = config.get("alerting", {})
        lost = _dropped(alerting, map(str, labels))
        # What is left out on the way to every Alertmanager, if not for all of them at once.
        each_way = [
            _dropped(each, map(str, labels)) for each in alerting.get("alertmanagers") or ()
        ]
        lost |= set.intersection(*each_way) if each_way else set()
        return {str(name): str(text) for name, text in labels.items() if str(name) not in lost}
    except (AttributeError, KeyError, TypeError, ValueError, re.error, yaml.YAMLError):
        return {}


def _dropped(config: Mapping[str, Any], names: Iterable[str]) -> set[str]:
    """Return the labels that ``alert_relabel_configs`` drop."""
    steps = config.get("alert_relabel_configs") or []
    dropped = [str(each["regex"]) for each in steps if each.get("action") == "labeldrop"]
    return {name for name in names if any(re.fullmatch(each, name) for each in dropped)}
