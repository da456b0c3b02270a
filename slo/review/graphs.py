"""What graphs beside figures show: days, and when incidents were; of the record as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from slo.review import standing
from slo.review.attribution import BEFORE_SECONDS
from slo.review.snapshot_store import CELLS
from slo.review.spending import AFTER_SECONDS, SPENT
from slo.review.standing import DayOfObjective
from slo.review.stories import PLACE_LABELS

Course = tuple[int, list[float | None]]
"""A time, UNIX seconds, and the share of bad events of each objective in the steps before it."""
MOST_GRAPHS = 12
"""Of one page; each is a query."""


def days_of_review(
    connection: Connection, figures: Mapping[str, Any], objectives: Sequence[Mapping[str, Any]]
) -> dict[str, list[DayOfObjective]]:
    """Return the days of a review's first objectives, by their names.

    Args:
        connection: to the record.
        figures: of the review.
        objectives: of it, in the order in which they are shown.
    """
    since = _seconds(figures["from"])
    return {
        each["slo"]: [
            day
            for day in standing.days_of(
                connection, figures["service"], each["slo"], each["target"], since
            )
            if day.day < figures["to"][:10]
        ]
        for each in objectives[:MOST_GRAPHS]
    }


def marks_of(incidents: Iterable[Mapping[str, Any]], now: float) -> list[dict[str, Any]]:
    """Return incidents, as figures or lists tell them, as marks of a graph over time.

    Args:
        incidents: with their begin and end.
        now: UNIX seconds: how far those that last go.
    """
    found = []
    for each in incidents:
        begin = each.get("from") or each["started_at"]
        end = each.get("to") or each.get("ended_at")
        found.append(
            {
                "from": _seconds(begin),
                "to": _seconds(end) if end else int(now),
                "title": f"Incident {each.get('number') or each.get('id')}:",
                "text": each["cause"] or "no cause seen",
            }
        )
    return found


def course_of_incident(
    connection: Connection, incident: Mapping[str, Any]
) -> tuple[list[str], list[Course]]:
    """Return the objectives that an incident's place has, and what went bad in steps of 5 minutes.

    From an hour before its first alert until some minutes after its end, as attribution reads it.
    """
    begin = _seconds(incident["started_at"]) - BEFORE_SECONDS
    end = incident["ended_at"]
    within = SPENT.c.at > begin
    if end is not None:
        within &= SPENT.c.at <= _seconds(end) + AFTER_SECONDS
    asked = select(CELLS.c.slo, SPENT.c.at, func.sum(SPENT.c.events_bad), func.sum(SPENT.c.events))
    asked = asked.join_from(SPENT, CELLS, CELLS.c.id == SPENT.c.cell_id).where(within)
    for name in PLACE_LABELS:
        if text := incident["labels"].get(name):
            told = CELLS.c.labels[name].as_string()
            asked = asked.where(told.is_(None) | (told == text))
    steps: dict[int, dict[str, float]] = {}
    for slo, at, bad, total in connection.execute(asked.group_by(CELLS.c.slo, SPENT.c.at)):
        if total:
            steps.setdefault(at, {})[slo] = bad / total
    slos = sorted({slo for shares in steps.values() for slo in shares})[:MOST_GRAPHS]
    return slos, [(at, [steps[at].get(slo) for slo in slos]) for at in sorted(steps)]


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).astimezone(UTC).timestamp())
