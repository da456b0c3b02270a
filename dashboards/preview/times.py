"""Time ranges as Grafana writes them, and the steps at which they are asked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor

from dashboards.interpolation import Standing

MOST_POINTS = 2000
"""Of a series within a range: more than a screen has pixels across are not asked for."""
SCRAPES_A_RATE = 4
"""``$__rate_interval`` spans at least so many scrapes, as Grafana has it."""
LONGEST_SECONDS = 400 * 86400.0
"""Of a range: longer ones are a mistake."""
QUICK_RANGES = ("now-5m", "now-15m", "now-1h", "now-3h", "now-6h", "now-12h", "now-24h", "now-2d",
                "now-7d", "now-28d")  # fmt: skip

_NICE_SECONDS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800,
                 21600, 43200, 86400)  # fmt: skip
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "M": 30 * 86400, "y": 365 * 86400}
_RELATIVE = re.compile(r"now((?:[+-]\d{1,6}[smhdwMy])*)(?:/([smhdwMy]))?")
_OFFSET = re.compile(r"([+-])(\d+)([smhdwMy])")


@dataclass(frozen=True)
class Range:
    """A stretch of time; UNIX seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Return its length."""
        return self.end - self.start


def parse_range(start: str, end: str, now: float) -> Range:
    """Return the range that ``from`` and ``to`` of an address of Grafana's stand for.

    Args:
        start: ``now-6h``, ``now/d``, UNIX milliseconds, or a date and time of ISO 8601.
        end: the same.
        now: UNIX seconds.

    Raises:
        ValueError: if it is none, or no time passes in it.
    """
    found = Range(_moment(start, now, at_end=False), _moment(end, now, at_end=True))
    if found.seconds <= 0:
        raise ValueError(f"found a range from {start!r} to {end!r}, expected one that goes forward")
    if found.seconds > LONGEST_SECONDS:
        days = LONGEST_SECONDS / 86400
        raise ValueError(f"found {found.seconds / 86400:.0f} days, expected at most {days:.0f}")
    return found


def parse_seconds(text: str) -> float:
    """Return the seconds that ``28d``, ``>15s`` or ``500ms`` is; 0 if it is nothing of the kind."""
    match = re.fullmatch(r"[<>]?\s*(\d+(?:\.\d+)?)(ms|[smhdwMy])", text.strip())
    if match is None:
        return 0.0
    return float(match[1]) * (0.001 if match[2] == "ms" else _UNITS[match[2]])


def step_seconds(length_seconds: float, points: int, least_seconds: float) -> float:
    """Return the step that a range is asked at: a round number that gives at most ``points``.

    Args:
        length_seconds: of the range.
        points: that there is room for.
        least_seconds: the shortest step that makes sense: the scrape interval.
    """
    room = max(1, min(points, MOST_POINTS))
    raw = max(length_seconds / room, least_seconds, length_seconds / MOST_POINTS)
    for nice in _NICE_SECONDS:
        if nice >= raw:
            return float(nice)
    return float(ceil(raw / 86400) * 86400)


def aligned(range_: Range, step: float) -> Range:
    """Return the range moved to multiples of its step, so that a refresh asks for the same ones."""
    return Range(floor(range_.start / step) * step, floor(range_.end / step) * step)


def built_in(range_: Range, step: float, scrape_seconds: float) -> Mapping[str, Standing]:
    """Return Grafana's own variables of time, for queries."""
    rate = max(step + scrape_seconds, SCRAPES_A_RATE * scrape_seconds)
    length = max(1, round(range_.seconds))
    texts = {
        "__interval": written_seconds(step),
        "__interval_ms": str(round(step * 1000)),
        "__rate_interval": written_seconds(rate),
        "__rate_interval_ms": str(round(rate * 1000)),
        "__range": f"{length}s",
        "__range_s": str(length),
        "__range_ms": str(round(range_.seconds * 1000)),
        "__from": str(round(range_.start * 1000)),
        "__to": str(round(range_.end * 1000)),
    }
    return {name: Standing.raw(text) for name, text in texts.items()}


def written_seconds(seconds: float) -> str:
    """Return a duration as PromQL takes it: ``15s``, ``1m``, ``1500ms``."""
    if seconds != int(seconds):
        return f"{round(seconds * 1000)}ms"
    for unit in ("d", "h", "m"):
        if seconds % _UNITS[unit] == 0:
            return f"{int(seconds) // _UNITS[unit]}{unit}"
    return f"{int(seconds)}s"


def _moment(text: str, now: float, *, at_end: bool) -> float:
    written = text.strip()
    if re.fullmatch(r"\d{10,16}", written):
        return int(written) / 1000
    match = _RELATIVE.fullmatch(written)
    if match is not None:
        moment = now
        for sign, count, unit in _OFFSET.findall(match[1]):
            moment += (1 if sign == "+" else -1) * int(count) * _UNITS[unit]
        return _rounded(moment, match[2], at_end=at_end) if match[2] else moment
    try:
        said = datetime.fromisoformat(written)
    except ValueError:
        expected = "now-6h, UNIX milliseconds or a time such as 2026-01-31T12:00:00Z"
        raise ValueError(f"found {text[:80]!r}, expected {expected}") from None
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()


def _rounded(moment: float, unit: str, *, at_end: bool) -> float:
    """Return the begin of the unit that a moment lies in, or its end; weeks begin on Mondays."""
    day = datetime.fromtimestamp(moment, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if unit in "smh":
        begin = floor(moment / _UNITS[unit]) * _UNITS[unit]
        return float(begin + _UNITS[unit] if at_end else begin)
    if unit == "w":
        day -= timedelta(days=day.weekday())
    elif unit in "My":
        day = day.replace(day=1, month=day.month if unit == "M" else 1)
    if not at_end:
        return day.timestamp()
    if unit in "dw":
        return (day + timedelta(days=1 if unit == "d" else 7)).timestamp()
    later = day + timedelta(days=32 if unit == "M" else 366)
    return later.replace(day=1, month=later.month if unit == "M" else 1).timestamp()
