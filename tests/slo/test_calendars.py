"""Periods of calendars: their table, and the table as PromQL."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.calendars import (
    FIRST,
    LAST,
    horizon_note,
    longest_period_seconds,
    period_end,
    period_phase,
    period_start,
    period_starts,
)
from slo.objective import Calendar
from slo.prometheus import PrometheusClient
from slo.testing import running_prometheus

DAY = 86400
BERLIN_MONTHS = Calendar("month", 1, "2026-01-01 00:00:00", "Europe/Berlin")
ODD_WEEKS = Calendar("week", 2, "2026-01-05 09:30:00", "America/New_York")

calendars = st.builds(
    Calendar,
    st.sampled_from(["week", "month", "quarter", "year"]),
    st.integers(1, 4),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - local, as written
        lambda each: each.strftime("%Y-%m-%d %H:%M:00")
    ),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Tokyo",
                     "Australia/Lord_Howe", "Pacific/Apia"]),
)  # fmt: skip


def local(calendar, seconds):
    """Return a time as the calendar's people write it."""
    zone = ZoneInfo(calendar.zone)
    return f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M}"


def starts_in(calendar, year):
    """Return the local starts within a year."""
    return [
        text
        for each in period_starts(calendar)
        if (text := local(calendar, each)).startswith(str(year))
    ]


def test_months_begin_at_local_midnight_whatever_the_clocks_do():
    """In Berlin, in winter and in summer."""
    assert [f"2026-{month:02}-01 00:00" for month in range(1, 13)] == starts_in(BERLIN_MONTHS, 2026)


def test_weeks_keep_their_hour_over_a_change_of_clocks():
    """Every other Monday, half past nine in New York."""
    found = starts_in(ODD_WEEKS, 2026)

    assert ["2026-01-05 09:30", "2026-01-19 09:30"] == found[:2]
    assert 26 == len(found)
    assert all(each.endswith("09:30") for each in found)


def test_quarters_and_years_are_of_months():
    """Also of a business year that begins in October."""
    quarters = Calendar("quarter", 1, "2026-02-01 00:00:00", "UTC")
    years = Calendar("year", 1, "2025-10-01 00:00:00", "UTC")

    assert ["02", "05", "08", "11"] == [each[5:7] for each in starts_in(quarters, 2027)]
    assert ["2028-10-01 00:00"] == starts_in(years, 2028)


def test_a_day_that_a_month_does_not_have_is_its_last():
    """From the 31st on: February's is the 28th, or the 29th."""
    found = Calendar("month", 1, "2026-01-31 00:00:00", "UTC")

    assert ["2026-01-31", "2026-02-28", "2026-03-31"] == [
        each[:10] for each in starts_in(found, 2026)[:3]
    ]
    assert "2028-02-29 00:00" in starts_in(found, 2028)


@given(calendars)
def test_periods_follow_each_other_over_the_whole_table(calendar):
    """None is empty, and the table holds what it promises."""
    starts = period_starts(calendar)

    assert list(starts) == sorted(set(starts))
    assert starts[0] <= FIRST.timestamp() < starts[1]
    assert starts[-2] < LAST.timestamp() <= starts[-1]
    assert longest_period_seconds(calendar) <= calendar.count * 366 * DAY + 3 * 3600


def test_the_header_says_how_far_the_table_reaches(objective):
    """In UTC; and nothing where the period rolls."""
    from dataclasses import replace

    assert horizon_note(objective) is None
    assert (
        "Periods of good (Europe/Berlin) are known until 2037-01-31 23:00 UTC; generate anew "
        "before."
    ) == horizon_note(replace(objective, calendar=BERLIN_MONTHS))


@pytest.mark.parametrize(
    "calendar",
    [
        BERLIN_MONTHS,
        ODD_WEEKS,
        Calendar("week", 1, "2026-01-05 00:00:00", "UTC"),
        Calendar("year", 1, "2026-04-01 00:00:00", "Asia/Kolkata"),
    ],
    ids=str,
)
async def test_promql_says_what_the_table_says(prometheus, tmp_path, calendar):
    """At each start, just before it, and nothing beyond either end of the table."""
    starts = period_starts(calendar)
    number = {start: index for index, start in enumerate(starts)}
    chosen = [*starts[:4], *starts[4:-2:17], *starts[-3:-1]]
    expected, found = [], []
    with running_prometheus(prometheus, tmp_path) as url:
        async with PrometheusClient(url) as client:

            async def values(time):
                exprs = [each(calendar) for each in (period_start, period_end, period_phase)]
                return [[s.value for s in await client.query(each, time)] for each in exprs]

            for start in chosen:
                index = number[start]
                of_it = [[start], [starts[index + 1]], [index % 3]]
                expected += [of_it, of_it]
                found += [await values(start), await values(starts[index + 1] - 0.001)]
            for outside in (starts[0] - 0.001, starts[-1]):
                expected.append([[], [], []])
                found.append(await values(outside))

    assert expected == found


def test_regular_periods_are_written_shortly():
    """Weeks of a zone that does not change its clocks are one term, and not hundreds."""
    weeks = Calendar("week", 1, "2026-01-05 00:00:00", "Asia/Tokyo")

    assert len(period_start(weeks)) < 250
    assert len(period_start(BERLIN_MONTHS)) < 8000
    assert datetime.fromtimestamp(period_starts(weeks)[0], UTC) <= FIRST
