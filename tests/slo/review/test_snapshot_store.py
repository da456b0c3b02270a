"""Hours in the record: what was told once stays told."""

from sqlalchemy import Engine, select

from slo.review.hours import HOUR, Hours, Promise
from slo.review.snapshot_store import AGAIN_SECONDS, ASKED, asked_hours, write_hours

AT, NOW = 1000 * HOUR, 1001 * HOUR
TOLD = Hours({("availability", "chat"): {AT: Promise("0.999", 28 * 86_400, None)}})


def test_an_hour_that_was_told_is_not_forgotten_when_nothing_is_told_of_it(record: Engine):
    """Its history may have been told before: it need not be asked about again."""
    write_hours(record, [AT], TOLD, NOW)
    write_hours(record, [AT], Hours(), NOW + 60)

    with record.connect() as connection:
        (row,) = connection.execute(select(ASKED)).all()
    assert (AT, NOW, 1) == (row.at, row.asked_at, row.objectives)
    assert [AT] == asked_hours(record, NOW + 60 + AGAIN_SECONDS)


def test_an_hour_that_was_unknown_is_told_later(record: Engine):
    """And is asked about again until then."""
    write_hours(record, [AT], Hours(), NOW)
    before = asked_hours(record, NOW + AGAIN_SECONDS)
    write_hours(record, [AT], TOLD, NOW + AGAIN_SECONDS)

    assert ([], [AT]) == (before, asked_hours(record, NOW + 2 * AGAIN_SECONDS))
