"""What graphs show beside figures, out of both databases."""

import pytest
from sqlalchemy import Engine

from slo.review.browsing import Asked, incidents_of, list_incidents, read_incident
from slo.review.database import writing
from slo.review.graphs import course_of_incident, days_of_review, marks_of
from slo.review.incident_store import INCIDENTS
from slo.review.reporting import read_figures
from tests.slo.review.histories import HIT, PERIOD, STEP
from tests.slo.review.test_reporting import NOW, fill


@pytest.fixture
def week(record: Engine) -> Engine:
    """A record of the week in which `eu` was hit."""
    fill(record)
    return record


def test_an_incident_shows_its_course_from_an_hour_before_it(week: Engine):
    """Half of all fails for 20 minutes, and nothing to speak of before and after."""
    with week.connect() as connection:
        slos, steps = course_of_incident(connection, read_incident(connection, 1))

    assert ["availability"] == slos
    hit = {at for at, (share,) in steps if share is not None and share > 0.4}
    assert {HIT + number * STEP for number in range(1, 5)} == hit
    assert steps[0][0] <= HIT - 3000


def test_an_objective_has_its_incidents_and_a_place_its_own(week: Engine):
    """Another objective and another place have none."""
    since = Asked(since=PERIOD.start)
    with week.connect() as connection:
        own, other, late = (
            incidents_of(connection, asked, service="chat", slo=slo)
            for asked, slo in (
                (since, "availability"), (since, "x"), (Asked(since=PERIOD.end), "availability"),
            )
        )  # fmt: skip
        here, there = (
            list_incidents(connection, Asked(), place={"region": each}).items
            for each in ("eu", "us")
        )

    assert [1] == [each["id"] for each in own]
    assert [] == other == late == there
    assert own == here


def test_an_incident_that_began_before_the_range_and_lasts_into_it_is_shown(week: Engine):
    """One that was over when it begins is not, nor one that begins after it."""
    with week.connect() as connection:
        found = [
            len(incidents_of(connection, asked, service="chat", slo="availability"))
            for asked in (
                Asked(since=HIT + 600), Asked(since=HIT + 1320), Asked(until=HIT + 120),
                Asked(until=HIT + 121),
            )
        ]  # fmt: skip
    with writing(week) as connection:
        connection.execute(INCIDENTS.update().values(ended_at_ms=None))
        late = Asked(since=int(NOW))
        lasting = incidents_of(connection, late, service="chat", slo="availability")

    assert [1, 0, 0, 1] == found
    assert [1] == [each["id"] for each in lasting]


def test_a_reviews_days_are_those_of_its_period(week: Engine):
    """Each held against its own budget; the day of the incident spent most."""
    figures = read_figures(week, "chat", PERIOD.name, NOW)
    with week.connect() as connection:
        days = days_of_review(connection, figures, figures["objectives"])["availability"]

    assert 7 == len(days)
    worst = max(days, key=lambda each: each.spent or 0.0)
    assert worst.noon - 43_200 <= HIT < worst.noon + 43_200


def test_incidents_are_marks_and_one_that_lasts_goes_on_until_now():
    """Of figures as of lists."""
    told = {"number": 3, "from": "2026-09-21T10:00:00Z", "to": None, "cause": ""}
    (mark,) = marks_of([told], 1_790_000_000.5)

    assert 1_790_000_000 == mark["to"]
    assert ("Incident 3:", "no cause seen") == (mark["title"], mark["text"])
