"""Hours: what recorded series tell, by cell; which are wanted."""

import numpy as np
from sqlalchemy import select

from slo import conventions as names
from slo.review.hours import HOUR, Promise, read_hours, wanted_hours
from slo.review.snapshot_store import KNOWN, VERSIONS, write_hours
from slo.series import Series

AT = 100 * HOUR


def series(name: str, value: float, *, at: int = AT, **labels: str) -> Series:
    """Return one sample of a recorded series of the objective `chat`."""
    own = {"__name__": name, "slo": "chat", "service": "c", **labels}
    return Series(own, np.array([at * 1000], np.int64), np.array([value]))


def constants(target: float = 0.999, at: int = AT) -> list[Series]:
    """Return what the objective tells of itself."""
    return [
        series(names.OBJECTIVE, target, at=at),
        series(names.PERIOD, 28 * 86400.0, at=at),
        series(names.FINGERPRINT, 7.0, at=at),
    ]


def test_a_cell_has_its_hour_and_its_period():
    """Other windows are of alerts."""
    told = [
        *constants(),
        series(names.EVENTS_BAD_COUNT, 3.5, region="eu", window="1h"),
        series(names.EVENTS_BAD_COUNT, 99.25, region="eu", window="28d"),
        series(names.EVENTS_BAD_COUNT, 1.0, region="eu", window="7d"),
        series(names.BUDGET_REMAINING, 0.25, region="eu"),
    ]

    hours = read_hours(told)

    assert {("chat", "c"): {AT: Promise("0.999", 28 * 86400, 7.0)}} == hours.promises
    ((name, labels),) = hours.cells.values()
    assert (("chat", "c"), {"region": "eu"}) == (name, labels)
    assert [{"events_bad": 3.5, "events_bad_of_period": 99.25, "budget_remaining": 0.25}] == list(
        hours.values.values()
    )


def test_not_a_number_says_that_nothing_is_known():
    """It is no value."""
    told = [*constants(), series(names.BUDGET_REMAINING, float("nan"), region="eu")]

    assert {} == read_hours(told).values


def test_an_hour_without_its_objective_is_unknown():
    """Its rules did not run: what is left of a series is no count."""
    told = [*constants(at=AT - HOUR), series(names.EVENTS_COUNT, 1.0, region="eu", window="1h")]

    assert {} == read_hours(told).values


def test_only_hours_that_nobody_asked_for_are_wanted():
    """In stretches, and none that is not over."""
    asked = [10 * HOUR, 13 * HOUR]
    now = 16 * HOUR + 30

    assert [(9 * HOUR, 9 * HOUR), (11 * HOUR, 12 * HOUR), (14 * HOUR, 15 * HOUR)] == wanted_hours(
        asked, 8 * HOUR + 1, now, 60
    )


def test_a_changed_target_never_rewrites_the_past(record):
    """Each hour is of the version that it was promised under, in whatever order hours are told."""
    told = {1: 0.999, 2: 0.999, 3: 0.99, 4: 0.999}
    for at in (4, 2, 3, 1):
        hours = read_hours(constants(told[at], at * HOUR))
        write_hours(record, [at * HOUR], hours, 0)

    with record.connect() as connection:
        joined = select(KNOWN.c.at, VERSIONS.c.target).join(
            VERSIONS, VERSIONS.c.id == KNOWN.c.version_id
        )
        found = dict(tuple(row) for row in connection.execute(joined))
        versions = connection.execute(select(VERSIONS.c.valid_from)).scalars().all()
    assert {at * HOUR: repr(target) for at, target in told.items()} == found
    assert len(set(versions)) == len(versions)
