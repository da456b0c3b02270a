"""Lengths of time as OpenSLO writes them: ``5m``, ``28d``, ``4w``, and ``1M``, ``1Q``, ``1Y``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import PlainValidator

from exporters.documents import shown
from exporters.durations import LONGEST_SECONDS, parse_duration

Unit = Literal["week", "month", "quarter", "year"]

DAY_SECONDS = 86400
YEARS = range(1970, 2101)
"""In which a calendar's start may be: its periods are counted from there, one by one."""
LOCAL_TIME = "%Y-%m-%d %H:%M:%S"
"""Of a calendar's start."""
NOMINAL_SECONDS: dict[Unit, int] = {
    "week": 7 * DAY_SECONDS,
    "month": 30 * DAY_SECONDS,
    "quarter": 91 * DAY_SECONDS,
    "year": 365 * DAY_SECONDS,
}
"""How long each lasts where no calendar says so: OpenSLO leaves that to who reads it."""

_UNITS: dict[str, Unit] = {"w": "week", "M": "month", "Q": "quarter", "Y": "year"}
_OF_CALENDARS = re.compile(r"([0-9]{1,6})([wMQY])")
_MINUTES = re.compile(r"[0-9]+m")


@dataclass(frozen=True)
class Span:
    """A length of time, as somebody wrote it."""

    text: str
    seconds: int
    """Nominal, where a calendar would say otherwise."""
    unit: Unit | None = None
    """Which a calendar counts; None for days and what is shorter."""
    count: int = 1
    """Of units."""


def read_span(value: Any) -> Span:
    """Return what a text stands for, in whole seconds.

    Besides OpenSLO's shorthand, durations of Prometheus are read: ``1h30m``.

    Raises:
        ValueError: if it is neither.
    """
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic takes no TypeError
            f"found {shown(value)}, expected a duration; write 28d"
        )
    match = _OF_CALENDARS.fullmatch(value)
    if match is None:
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            raise ValueError(f"{error}; write a number and m, h, d, w, M, Q or Y") from None
        if seconds != int(seconds):
            raise ValueError(f"found {shown(value)}, expected whole seconds")
        return Span(value, int(seconds))
    count, unit = int(match[1]), _UNITS[match[2]]
    nominal = count * NOMINAL_SECONDS[unit]
    if not 0 < nominal <= LONGEST_SECONDS:
        raise ValueError(f"found {shown(value)}, expected a duration above 0, up to 292 years")
    return Span(value, nominal, unit, count)


def _read_period(value: Any) -> Span:
    span = read_span(value)
    if span.seconds % 3600 or span.seconds < DAY_SECONDS:
        hint = ", or 1M for a month" if _MINUTES.fullmatch(span.text) else ""
        raise ValueError(
            f"found {shown(span.text)}, expected whole hours, a day at least; write 28d{hint}"
        )
    return span


def _read_slice(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return read_span(f"{value}m").seconds
    return read_span(value).seconds


def _read_patience(value: Any) -> int:
    return 0 if value in ("0m", "0s", "0h", "0") else read_span(value).seconds


Period = Annotated[Span, PlainValidator(_read_period)]
"""Whole hours, a day at least."""
Seconds = Annotated[int, PlainValidator(lambda value: read_span(value).seconds)]
"""A duration, in whole seconds."""
SliceSeconds = Annotated[int, PlainValidator(_read_slice)]
"""A duration in whole seconds; a number without a unit is minutes."""
PatienceSeconds = Annotated[int, PlainValidator(_read_patience)]
"""A duration in whole seconds, which may be ``0m``."""


def read_local_time(text: str) -> str:
    """Return a local time as it was written, ``2026-01-01 00:00:00``, in :data:`YEARS`.

    Raises:
        ValueError: if it is none.
    """
    try:
        time = datetime.strptime(text, LOCAL_TIME)  # noqa: DTZ007 - its zone stands beside it
    except ValueError:
        time = None
    if time is None or time.strftime(LOCAL_TIME) != text or time.year not in YEARS:
        raise ValueError(
            f"found {shown(text)}, expected a local time without a zone, in a year from {YEARS[0]} "
            f"to {YEARS[-1]}; write 2026-01-01 00:00:00"
        )
    return text
