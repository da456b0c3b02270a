"""The periods that reviews are of: a week, a month, a quarter, or some days. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
_DAYS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})")
EXPECTED = "expected a week 2026-W47, a month 2026-11, a quarter 2026-Q4, or 2026-11-01..2026-11-28"
LONGEST_DAYS = 400


@dataclass(frozen=True)
class ReviewedPeriod:
    """From one full hour to another, UTC."""

    name: str
    start: int
    """UNIX seconds, included."""
    end: int
    """UNIX seconds, not included."""

    @property
    def hours(self) -> int:
        """Return how many full hours it has."""
        return (self.end - self.start) // 3600


def parse_period(text: str) -> ReviewedPeriod:
    """Return the period that a text names.

    Raises:
        ValueError: if it names none.
    """
    try:
        start, end = _bounds(text)
    except (ValueError, OverflowError):
        raise ValueError(f"found {text!r}, {EXPECTED}") from None
    if not timedelta(0) < end - start <= timedelta(days=LONGEST_DAYS):
        raise ValueError(f"found {text!r}, expected a period of 1 to {LONGEST_DAYS} days")
    return ReviewedPeriod(text, int(start.timestamp()), int(end.timestamp()))


def period_before(period: ReviewedPeriod) -> ReviewedPeriod:
    """Return the period of the same kind before: the trend goes over them."""
    last = datetime.fromtimestamp(period.start, UTC) - timedelta(days=1)
    if _WEEK.fullmatch(period.name):
        year, week, _ = last.isocalendar()
        return parse_period(f"{year}-W{week:02}")
    if _QUARTER.fullmatch(period.name):
        return parse_period(f"{last.year}-Q{(last.month + 2) // 3}")
    if _MONTH.fullmatch(period.name):
        return parse_period(f"{last:%Y-%m}")
    days = (period.end - period.start) // 86_400
    return parse_period(f"{last - timedelta(days=days - 1):%Y-%m-%d}..{last:%Y-%m-%d}")


def _bounds(text: str) -> tuple[datetime, datetime]:
    if found := _WEEK.fullmatch(text):
        start = datetime.fromisocalendar(int(found[1]), int(found[2]), 1).replace(tzinfo=UTC)
        return start, start + timedelta(weeks=1)
    if found := _QUARTER.fullmatch(text):
        first = int(found[2]) * 3 - 2
        return _month(int(found[1]), first), _month(int(found[1]), first + 3)
    if found := _MONTH.fullmatch(text):
        return _month(int(found[1]), int(found[2])), _month(int(found[1]), int(found[2]) + 1)
    if found := _DAYS.fullmatch(text):
        first_day, last_day = (
            datetime.fromisoformat(each).replace(tzinfo=UTC) for each in found.groups()
        )
        return first_day, last_day + timedelta(days=1)
    raise ValueError(text)


def _month(year: int, month: int) -> datetime:
    """Return when a month begins; the thirteenth is the next year's first."""
    return datetime(year + (month == 13), 1 if month == 13 else month, 1, tzinfo=UTC)
