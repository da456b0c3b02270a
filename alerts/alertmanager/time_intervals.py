"""Named time intervals (timeinterval/timeinterval.go): when routes tell nobody."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = tuple(name.lower() for name in calendar.month_name)

Range = tuple[int, int]
"""Both ends included."""


@dataclass(frozen=True)
class TimeInterval:
    """Stretches of time that come again; what is not said is any."""

    minutes: tuple[Range, ...]
    """Of the day; here the end is left out."""
    weekdays: tuple[Range, ...]
    """0 is Sunday."""
    days: tuple[Range, ...]
    """Of the month; below 0 from its end."""
    months: tuple[Range, ...]
    years: tuple[Range, ...]
    zone: tzinfo

    def contains(self, time: float) -> bool:
        """Tell whether a time (UNIX seconds) lies in it."""
        now = datetime.fromtimestamp(time, self.zone)
        minute = now.hour * 60 + now.minute
        return (
            (not self.minutes or any(first <= minute < end for first, end in self.minutes))
            and _within(self.weekdays, now.isoweekday() % 7)
            and self._has_day(now)
            and _within(self.months, now.month)
            and _within(self.years, now.year)
        )

    def _has_day(self, now: datetime) -> bool:
        last = calendar.monthrange(now.year, now.month)[1]
        ranges = [tuple(min(_from_end(each, last), last) for each in ends) for ends in self.days]
        return not ranges or any(first <= now.day <= end for first, end in ranges)


def read_time_intervals(config: Mapping[str, Any]) -> dict[str, tuple[TimeInterval, ...]]:
    """Return the intervals that a configuration names, the old ``mute_time_intervals`` too.

    Raises:
        ValueError: if something in them is none of Alertmanager's.
    """
    named = [*(config.get("time_intervals") or ()), *(config.get("mute_time_intervals") or ())]
    return {
        str(each["name"]): tuple(map(_interval, each.get("time_intervals") or ())) for each in named
    }


def _interval(config: Mapping[str, Any]) -> TimeInterval:
    location = config.get("location")
    return TimeInterval(
        minutes=tuple(
            (_minute(each["start_time"]), _minute(each["end_time"]))
            for each in config.get("times") or ()
        ),
        weekdays=_ranges(config, "weekdays", _DAYS),
        days=_ranges(config, "days_of_month", ()),
        months=_ranges(config, "months", _MONTHS),
        years=_ranges(config, "years", ()),
        zone=ZoneInfo(str(location)) if location else UTC,
    )


def _minute(text: str) -> int:
    hour, _, minute = str(text).partition(":")
    return int(hour) * 60 + int(minute)


def _ranges(config: Mapping[str, Any], key: str, names: Sequence[str]) -> tuple[Range, ...]:
    found = []
    for each in config.get(key) or ():
        first, _, last = str(each).lower().partition(":")
        found.append((_number(first, names), _number(last or first, names)))
    return tuple(found)


def _number(text: str, names: Sequence[str]) -> int:
    word = text.strip()
    return names.index(word) if word in names else int(word)


def _from_end(day: int, last: int) -> int:
    return day if day > 0 else max(1, last + day + 1)


def _within(ranges: Sequence[Range], value: int) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)
