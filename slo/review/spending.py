"""What budgets lost while incidents lasted, in steps of 5 minutes: finer than hours can tell."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, Table, or_, select, update

from slo import conventions as names
from slo.prometheus import PrometheusClient
from slo.review.alert_store import insert
from slo.review.attribution import BEFORE_SECONDS
from slo.review.database import writing
from slo.review.hours import cell_of, name_of
from slo.review.incident_store import INCIDENTS
from slo.review.models import Base, SpentStep
from slo.review.snapshot_store import CELLS
from slo.review.stories import place_of
from slo.series import Series
from slo.tiling import STEP_SECONDS as STEP

SPENT: Table = Base.metadata.tables[SpentStep.__tablename__]
AFTER_SECONDS = 900
"""So long after its last page an incident may cost still."""
LATE_SECONDS = 60
MOST_SECONDS = 86_400
"""Asked for at once."""
_REGEX = re.compile(r"[\\.+*?()|\[\]{}^$\"\n]")


async def take_spending(prometheus: PrometheusClient, engine: Engine, now: int) -> int:
    """Write the steps of all incidents that are not in the record; return of how many incidents.

    Args:
        prometheus: that is asked.
        engine: of the record.
        now: UNIX seconds.

    Raises:
        PrometheusError: if it does not answer: it is asked again.
    """
    end = INCIDENTS.c.ended_at_ms / 1000 + AFTER_SECONDS - STEP
    until = INCIDENTS.c.spent_until
    is_wanted = or_(until.is_(None), INCIDENTS.c.ended_at_ms.is_(None), until < end)
    with engine.connect() as connection:
        asked = select(INCIDENTS).where(INCIDENTS.c.merged_into.is_(None), is_wanted)
        wanted = connection.execute(asked).all()
    for incident in wanted:
        await _take(prometheus, engine, incident, now)
    return len(wanted)


async def _take(prometheus: PrometheusClient, engine: Engine, incident: Any, now: int) -> None:
    first = (incident.started_at_ms // 1000 - BEFORE_SECONDS) // STEP * STEP
    if incident.spent_until is not None:
        first = max(first, incident.spent_until + STEP)
    last = now - LATE_SECONDS
    if incident.ended_at_ms is not None:
        last = min(last, incident.ended_at_ms // 1000 + AFTER_SECONDS)
    last = last // STEP * STEP
    where = matchers(incident.labels)
    for begin in range(first, last + 1, MOST_SECONDS):
        end = min(begin + MOST_SECONDS - STEP, last)
        bad, total = [
            await prometheus.query_range(f"{name}{{{where}}}", begin, end, STEP)
            for name in (names.EVENTS_BAD_COUNT, names.EVENTS_COUNT)
        ]
        steps = read_steps(bad, total)
        if not await asyncio.to_thread(_write, engine, incident, steps, end):
            return


def matchers(labels: Mapping[str, str]) -> str:
    """Return the matchers of 5-minute counts of cells that are at no other place than an incident.

    Args:
        labels: of the incident.
    """
    parts = [f'{names.WINDOW}="5m"']
    for name, value in place_of(labels).items():
        other = "" if name == names.SLO else "|"
        parts.append(f'{name}=~"{other}{_regex(value)}"')
    return ", ".join(parts)


def read_steps(bad: list[Series], total: list[Series]) -> list[dict[str, Any]]:
    """Return rows of ``spent_steps`` with events in them, and ``cell``: its columns."""
    counts: dict[tuple[str, int], dict[str, Any]] = {}
    for column, many in (("events", total), ("events_bad", bad)):
        for series in many:
            cell = _cell(series)
            for at_ms, value in zip(series.times_ms.tolist(), series.values.tolist(), strict=True):
                key = cell["id"], at_ms // 1000
                if column == "events" and value > 0:
                    counts[key] = {"cell": cell, "at": key[1], "events": value, "events_bad": 0.0}
                elif key in counts and column == "events_bad":
                    counts[key]["events_bad"] = max(value, 0.0)
    return [row for _, row in sorted(counts.items(), key=lambda each: each[0])]


def _write(engine: Engine, incident: Any, rows: list[dict[str, Any]], until: int) -> bool:
    """Commit steps; return whether the incident is still what was asked for: else it is again."""
    with writing(engine) as connection:
        if rows:
            cells = {row["cell"]["id"]: row["cell"] for row in rows}
            add_cell = insert(connection, CELLS).on_conflict_do_nothing()
            connection.execute(add_cell, [cells[key] for key in sorted(cells)])
            steps = [
                {
                    "cell_id": row["cell"]["id"],
                    "at": row["at"],
                    "events_bad": row["events_bad"],
                    "events": row["events"],
                }
                for row in rows
            ]
            connection.execute(insert(connection, SPENT).on_conflict_do_nothing(), steps)
        of_it = INCIDENTS.c.id == incident.id
        now = connection.execute(select(INCIDENTS).where(of_it)).one()
        is_same = (now.started_at_ms, now.labels) == (incident.started_at_ms, incident.labels)
        if is_same:
            connection.execute(update(INCIDENTS).where(of_it), {"spent_until": until})
        return is_same


def _cell(series: Series) -> dict[str, Any]:
    key, labels = cell_of(series)
    slo, service = name_of(series)
    return {"id": key, "slo": slo, "service": service, "labels": labels}


def _regex(text: str) -> str:
    """Return a value as a regular expression within a string of PromQL."""
    escaped = {'"': '\\"', "\n": "\\n", "\\": "\\\\\\\\"}
    return _REGEX.sub(lambda found: escaped.get(found[0], f"\\\\{found[0]}"), text)
