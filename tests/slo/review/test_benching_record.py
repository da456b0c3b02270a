"""The record of a year that is measured: a small one of its kind."""

from pathlib import Path

import pytest
from sqlalchemy import select

from slo.review.benching_record import SERVICE, make_record
from slo.review.database import writing
from slo.review.days import ADDED, CELL_DAYS, DAY, OBJECTIVE_DAYS, add_days
from slo.review.hours import HOUR
from slo.review.reporting import read_figures

END = 20_720 * DAY


def test_days_that_are_written_quickly_are_those_that_the_service_adds_up(tmp_path: Path):
    """What is measured is what users have."""
    record = make_record(tmp_path / "year.db", END - 3 * DAY + HOUR, END, 2, 6)
    days = select(CELL_DAYS).order_by(CELL_DAYS.c.cell_id, CELL_DAYS.c.at)
    own = select(OBJECTIVE_DAYS).order_by(OBJECTIVE_DAYS.c.slo, OBJECTIVE_DAYS.c.at)
    with record.connect() as connection:
        quickly = connection.execute(days).all()
        of_objectives = connection.execute(own).all()
    with writing(record) as connection:
        connection.execute(ADDED.delete())
        connection.execute(CELL_DAYS.delete())
        connection.execute(OBJECTIVE_DAYS.delete())

    assert 3 == add_days(record)

    with record.connect() as connection:
        assert quickly == connection.execute(days).all()
        added = connection.execute(own).all()
    assert 3 * 2 * 6 == len(quickly)
    assert [row[:4] for row in of_objectives] == [row[:4] for row in added]
    for one, other in zip(of_objectives, added, strict=True):
        assert one[4:] == pytest.approx(other[4:], rel=1e-12)
    figures = read_figures(record, SERVICE, "2026-09-21..2026-09-23", END)
    assert [6, 6] == [len(each["cells"]) for each in figures["objectives"]]
    assert all(each["events_bad"] > 0 for each in figures["objectives"])
    record.dispose()
