"""Where objectives stand: now, and day by day; as recorded, for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from slo.review.browsing import moment, told
from slo.review.days import DAY, OBJECTIVE_DAYS, parts_of
from slo.review.endings import ends_of
from slo.review.policy import UNKNOWN, Policy
from slo.review.snapshot_store import CELLS, SNAPSHOTS, VERSIONS


@dataclass(frozen=True)
class DayOfObjective:
    """All cells of an objective on one day, UTC."""

    day: str
    events_bad: float
    events: float
    budget: float
    """Share of events that may be bad."""

    @property
    def attainment(self) -> float | None:
        """Return the share of good events; None without any."""
        return 1 - self.events_bad / self.events if self.events > 0 else None

    @property
    def spent(self) -> float | None:
        """Return bad events over those that the day's events allowed."""
        allowed = self.events * self.budget
        return self.events_bad / allowed if allowed > 0 else None

    @property
    def noon(self) -> int:
        """Return its noon, UNIX seconds: of this day nearly everywhere."""
        return int(datetime.fromisoformat(f"{self.day}T12:00:00+00:00").timestamp())


def objectives_now(connection: Connection, policy: Policy, now: float) -> list[dict[str, Any]]:
    """Return each objective as promised last, with the least that any cell has left.

    One that was renamed or retired before now (UNIX seconds) is not among them.
    """
    current: dict[tuple[str, str], dict[str, Any]] = {}
    order = VERSIONS.c.service, VERSIONS.c.slo, VERSIONS.c.valid_from
    for row in connection.execute(select(VERSIONS).order_by(*order)).mappings():
        current[row["service"], row["slo"]] = {**told(row), "left": None, "at": None}
    for service in {service for service, _ in current}:
        for slo in ends_of(connection, service, now):
            current.pop((service, slo), None)
    last = connection.execute(select(func.max(SNAPSHOTS.c.at))).scalar()
    asked = (
        select(CELLS.c.service, CELLS.c.slo, func.min(SNAPSHOTS.c.budget_remaining))
        .join_from(SNAPSHOTS, CELLS, CELLS.c.id == SNAPSHOTS.c.cell_id)
        .where(SNAPSHOTS.c.at == last)
        .group_by(CELLS.c.service, CELLS.c.slo)
    )
    at = None if last is None else moment(last)
    for service, slo, left in connection.execute(asked):
        if (service, slo) in current:
            current[service, slo] |= {"left": left, "at": at}
    for each in current.values():
        left = each["left"]
        each["level"] = UNKNOWN if left is None else policy.level(1 - left).name
    return list(current.values())


def days_of(
    connection: Connection, service: str, slo: str, target: str, since: int
) -> list[DayOfObjective]:
    """Return an objective's days, in their order.

    Args:
        connection: to the record.
        service: of the objective.
        slo: its name.
        target: against which its days are held: the last one.
        since: UNIX seconds.
    """
    cells = select(CELLS.c.id).where(CELLS.c.service == service, CELLS.c.slo == slo)
    last = connection.execute(select(func.max(SNAPSHOTS.c.at))).scalar() or since
    parts = parts_of(connection, since, max(last, since))
    own = (OBJECTIVE_DAYS.c.service == service) & (OBJECTIVE_DAYS.c.slo == slo)
    stretches = [(OBJECTIVE_DAYS, own & parts.of_days(OBJECTIVE_DAYS.c.at))]
    at = SNAPSHOTS.c.at
    stretches += [
        (SNAPSHOTS, SNAPSHOTS.c.cell_id.in_(cells) & (at > begin) & (at <= end))
        for begin, end in parts.hours
    ]
    days: dict[int, tuple[float, float]] = {}
    for table, within in stretches:
        day = ((table.c.at - 1) // DAY).label("day")  # an hour is of the day in which it began
        sums = func.sum(table.c.events_bad), func.sum(table.c.events)
        asked = select(day, *sums).where(within).group_by(day)
        for number, bad, total in connection.execute(asked):
            days[number] = bad or 0.0, total or 0.0
    budget = float(1 - Decimal(target))
    return [
        DayOfObjective(
            datetime.fromtimestamp(number * DAY, UTC).strftime("%Y-%m-%d"),
            bad,
            events,
            budget,
        )
        for number, (bad, events) in sorted(days.items())
    ]


def cells_now(connection: Connection, service: str, slo: str) -> list[dict[str, Any]]:
    """Return an objective's cells at its last hour, the least left first."""
    cells = select(CELLS.c.id).where(CELLS.c.service == service, CELLS.c.slo == slo)
    # The last hour of each cell is one look into the index, of all together it is a long walk.
    own = select(func.max(SNAPSHOTS.c.at)).where(SNAPSHOTS.c.cell_id == CELLS.c.id)
    last = select(func.max(own.scalar_subquery())).where(CELLS.c.id.in_(cells))
    asked = (
        select(CELLS.c.labels, SNAPSHOTS)
        .join_from(SNAPSHOTS, CELLS, CELLS.c.id == SNAPSHOTS.c.cell_id)
        .where(SNAPSHOTS.c.cell_id.in_(cells), SNAPSHOTS.c.at == last.scalar_subquery())
    )
    rows = [told(row) for row in connection.execute(asked).mappings()]
    left = [(1.0 if row["budget_remaining"] is None else row["budget_remaining"]) for row in rows]
    ordered = sorted(zip(left, range(len(rows)), strict=True))
    return [rows[index] for _, index in ordered]
