"""Days that are added up: what is read of them is what is read of their hours."""

import pytest
from sqlalchemy import Engine, func, select

from slo.review.database import downgrade, upgrade, writing
from slo.review.days import ADDED, CELL_DAYS, DAY, MOST_DAYS, add_days, parts_of
from slo.review.hours import HOUR, Hours, Promise
from slo.review.maintenance import add_window, read_window
from slo.review.reporting import read_figures
from slo.review.snapshot_store import KNOWN, SNAPSHOTS, write_hours
from slo.review.standing import days_of
from tests.slo.review.histories import PERIOD
from tests.slo.review.test_reporting import fill

NOW = PERIOD.end + HOUR
NAME = ("availability", "chat")
WINDOW = read_window("2026-09-24T10:00", "2026-09-24T12:30", {}, "a rack", "eve", now=PERIOD.end)


@pytest.fixture
def week(record: Engine) -> Engine:
    """A week of two cells in either database: a target that changed, hours that nobody knows."""
    fill(record)
    old = Promise("0.95", 28 * DAY, None)
    hours = Hours({NAME: {PERIOD.start - each * HOUR: old for each in range(48)}})
    values = {"events": 100.0, "events_bad": 5.0, "coverage": 0.5}
    for cell, labels in (("other", {"region": "us"}), ("late", {"region": "ap"})):
        hours.cells[cell] = NAME, labels
    hours.values = {("other", at): dict(values) for at in hours.promises[NAME]}
    write_hours(record, sorted(hours.promises[NAME]), hours, NOW)
    within = range(PERIOD.start + HOUR, PERIOD.end - 5 * HOUR, HOUR)
    promise = Promise("0.999", 28 * DAY, None)
    late = Hours({NAME: dict.fromkeys(within, promise)}, {"late": (NAME, {"region": "ap"})})
    late.values = {("late", at): values | {"events": at % 977 + 0.1} for at in within}
    late.values["late", within[3]] = {"events": 50.0}
    write_hours(record, list(within), late, NOW)
    add_window(record, WINDOW, NOW)
    return record


def figures(record: Engine, period: str = PERIOD.name, now: float = NOW) -> dict[str, object]:
    """Return the week's figures."""
    return read_figures(record, "chat", period, now)


@pytest.mark.parametrize(
    ("period", "now"),
    [(PERIOD.name, NOW), (PERIOD.name, PERIOD.start + 100 * HOUR), ("2026-09", PERIOD.end - HOUR)],
)
def test_figures_of_days_are_those_of_their_hours(week: Engine, period: str, now: float):
    """To the digit that is signed: of a period that is over, one that runs, and over a change."""
    of_hours = figures(week, period, now)

    assert 9 == add_days(week)

    assert of_hours == figures(week, period, now)


def test_figures_are_read_of_the_days(week: Engine):
    """And not of hours all the same."""
    before = figures(week)
    add_days(week)
    with writing(week) as connection:
        connection.execute(SNAPSHOTS.update().values(events=7.0))
    of_days, excluded = figures(week), WINDOW.starts_at // DAY * DAY + DAY

    with week.connect() as connection:
        asked = select(func.sum(CELL_DAYS.c.events), func.sum(CELL_DAYS.c.hours)).where(
            CELL_DAYS.c.at > PERIOD.start, CELL_DAYS.c.at != excluded
        )
        events, hours = connection.execute(asked).one()
    (objective,) = of_days["objectives"]
    assert 144 + 138 == hours
    assert events < objective["events"] < events + 7 * 48 + 1
    assert before != of_days


def test_what_was_left_and_known_is_read_of_the_days(week: Engine):
    """Of hours beside them what is later counts; before the first hour nothing is looked for."""
    add_days(week)
    before = figures(week)
    with writing(week) as connection:
        connection.execute(SNAPSHOTS.update().values(budget_remaining=0.7))
        connection.execute(KNOWN.delete())
    of_days = figures(week)
    with writing(week) as connection:
        connection.execute(ADDED.delete().where(ADDED.c.at == PERIOD.end))
    last_by_hours = figures(week)
    with week.connect() as connection:
        first = PERIOD.start - 47 * HOUR
        none = parts_of(connection, first - 90 * DAY, first - HOUR)
        one = parts_of(connection, first - 90 * DAY, first)

    left = [each["objectives"][0]["recorded_left"] for each in (before, of_days, last_by_hours)]
    assert [0.2, 0.2, 0.7] == left
    unknown = [each["objectives"][0]["unknown"] for each in (before, of_days, last_by_hours)]
    assert 0 < unknown[0] < unknown[1] < unknown[2]
    assert ((), ((first - HOUR, first),)) == (none.hours, one.hours)


def test_the_page_of_an_objective_shows_the_same_days(week: Engine):
    """Whether they are added up or not."""
    with week.connect() as connection:
        of_hours = days_of(connection, "chat", "availability", "0.999", PERIOD.start - DAY + HOUR)
    add_days(week)
    with week.connect() as connection:
        of_days = days_of(connection, "chat", "availability", "0.999", PERIOD.start - DAY + HOUR)

    assert [day.day for day in of_hours] == [day.day for day in of_days]
    assert 8 == len(of_days)
    for one, other in zip(of_hours, of_days, strict=True):
        assert one.events == pytest.approx(other.events, rel=1e-12)
        assert one.events_bad == pytest.approx(other.events_bad, rel=1e-12)


def test_an_hour_that_is_told_late_has_its_day_added_up_again(week: Engine):
    """Until then it is read hour by hour."""
    add_days(week)
    at = PERIOD.end - HOUR
    promise = {NAME: {at: Promise("0.999", 28 * DAY, None)}}
    late = Hours(promise, {"late": (NAME, {"region": "ap"})}, {("late", at): {"events": 9e6}})
    before = figures(week)

    write_hours(week, [at], late, NOW)
    of_hours = figures(week)
    assert 1 == add_days(week)

    assert of_hours == figures(week)
    assert of_hours != before
    assert 0 == add_days(week)


def test_days_are_added_up_some_at_a_time(week: Engine):
    """The latest first; a day of which the last hour was not asked for is not over."""
    with week.connect() as connection:
        none = parts_of(connection, PERIOD.start, PERIOD.end)
    first = add_days(week, most=2)
    with week.connect() as connection:
        added = connection.execute(select(ADDED.c.at).order_by(ADDED.c.at)).scalars().all()
        some = parts_of(connection, PERIOD.start, PERIOD.end, [(PERIOD.end - 60, PERIOD.end)])

    assert ((PERIOD.start, PERIOD.end),) == none.hours
    assert (2, [PERIOD.end - DAY, PERIOD.end]) == (first, added)
    assert ((PERIOD.start, PERIOD.end - 2 * DAY), (PERIOD.end - DAY, PERIOD.end)) == some.hours
    assert MOST_DAYS > 7


def test_a_window_at_midnight_touches_only_its_own_days(week: Engine):
    """It ends where the next day begins."""
    add_days(week)
    begin = PERIOD.start + DAY
    with week.connect() as connection:
        found = parts_of(connection, PERIOD.start, PERIOD.end, [(begin, begin + DAY)])

    assert ((begin, begin + DAY),) == found.hours


def test_days_of_an_older_version_are_added_up_again(week: Engine):
    """They lack what was left; until then their hours say the same."""
    add_days(week)
    before = figures(week)
    downgrade(week, "0003")
    upgrade(week)
    with week.connect() as connection:
        left = connection.execute(select(func.count(CELL_DAYS.c.budget_remaining))).scalar()
    of_hours = figures(week)

    assert 9 == add_days(week)
    assert 0 == left
    assert before == of_hours == figures(week)


def test_a_record_without_days_gets_them_after_its_steps_went_up(week: Engine):
    """Down the days are gone, and no hour is."""
    add_days(week)
    before = figures(week)
    downgrade(week, "0002")
    upgrade(week)
    of_hours = figures(week)

    assert 9 == add_days(week)
    assert before == of_hours == figures(week)
