"""A record of a year: hourly snapshots of many objectives with many cells each, written quickly.

In SQLite, by SQL, without what makes commits outlast anything; its tables and indices are in the
end those that the service makes.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from sqlalchemy import Engine

from slo.review.database import open_database, upgrade
from slo.review.days import DAY
from slo.review.hours import HOUR

SERVICE = "chat"
REGIONS = ("eu", "us", "ap", "sa", "af")
_PERIOD_SECONDS = 28 * DAY
_FAST = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144", "temp_store=MEMORY")
_KNOWN = """
INSERT INTO known_hours (slo, service, at, version_id)
SELECT v.slo, v.service, a.at, v.id FROM objective_versions v CROSS JOIN asked_hours a
ORDER BY v.slo, a.at
"""
_SNAPSHOTS = """
INSERT INTO snapshots (cell_id, at, events_bad, events, coverage, events_bad_of_period,
                       events_of_period, coverage_of_period, budget_remaining)
SELECT c.id, a.at, (a.at / 3600 * 7919 + c.rowid * 104729) % 97 / 16, 3000.0 + c.rowid % 600,
       1.0, 2016.0, 2200000.0, 1.0, 0.5 + c.rowid % 50 / 100.0
FROM cells c CROSS JOIN asked_hours a
ORDER BY c.id, a.at
"""
_DAYS = """
INSERT INTO cell_days (cell_id, at, hours, unknown_hours, events_bad, events, events_bad_allowed,
                       events_bad_burning, budget_remaining)
SELECT cell_id, (at + 86399) / 86400 * 86400 AS day, count(*), 0.0, sum(events_bad), sum(events),
       sum(events * 0.001), sum(CASE WHEN events_bad > 0.001 * events THEN events_bad ELSE 0.0 END),
       max(budget_remaining)
FROM snapshots GROUP BY cell_id, day ORDER BY day, cell_id
"""
"""As :func:`slo.review.days.add_days` adds them up, in one go: all are of one target, and
what is left never changes."""
_OBJECTIVE_DAYS = """
INSERT INTO objective_days (service, slo, at, known_hours, events_bad, events)
SELECT c.service, c.slo, d.at, max(d.hours), sum(d.events_bad), sum(d.events)
FROM cell_days d JOIN cells c ON c.id = d.cell_id GROUP BY c.service, c.slo, d.at
"""


def make_record(file: Path, first: int, last: int, objectives: int, cells: int) -> Engine:
    """Return the engine of a new record.

    Args:
        file: in which it is to be.
        first: the first full hour, UNIX seconds.
        last: the last one, included.
        objectives: how many, all of one service and known from the first hour on.
        cells: of each: regions by models.
    """
    engine = open_database(str(file))
    upgrade(engine)
    engine.dispose()  # let go of the file
    names = [f"objective-{number:03}" for number in range(objectives)]
    with sqlite3.connect(file, isolation_level=None) as connection:
        for pragma in _FAST:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("DROP INDEX ix_snapshots_at")
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO objective_versions (id, slo, service, valid_from, target, period_seconds, "
            "fingerprint) VALUES (?, ?, ?, ?, '0.999', ?, 1.0)",
            [(i, name, SERVICE, first, _PERIOD_SECONDS) for i, name in enumerate(names, 1)],
        )
        connection.executemany(
            "INSERT INTO asked_hours (at, asked_at, objectives) VALUES (?, ?, ?)",
            [(at, at, objectives) for at in range(first, last + 1, HOUR)],
        )
        connection.executemany(
            "INSERT INTO cells (id, slo, service, labels) VALUES (?, ?, ?, ?)",
            [
                (f"{name}-{number:020}", name, SERVICE, json.dumps(_labels(number)))
                for name in names
                for number in range(cells)
            ],
        )
        connection.execute(_KNOWN)
        connection.execute(_SNAPSHOTS)
        connection.execute(_DAYS)
        connection.execute(_OBJECTIVE_DAYS)
        connection.execute("INSERT INTO added_days SELECT at FROM asked_hours WHERE at % 86400 = 0")
        connection.execute("COMMIT")
        connection.execute("CREATE INDEX ix_snapshots_at ON snapshots (at)")
    connection.close()
    return engine


def _labels(number: int) -> dict[str, str]:
    region, model = REGIONS[number % len(REGIONS)], f"m{number // len(REGIONS)}"
    return {"cluster": "c1", "region": region, "model": model}
