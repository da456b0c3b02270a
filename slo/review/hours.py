"""Budgets hour by hour: what Prometheus's recorded series say at full hours, as they say it. Pure.

A count of an hour that is seen at a full hour is the very one that the rules add up to a period
(:mod:`slo.tiling`): so the hours of the record add up to what Prometheus shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exporters.durations import format_duration
from slo import conventions as names
from slo.review.facts import digest
from slo.review.webhook import shortened
from slo.series import Series

HOUR = 3600
_OWN = {"__name__", names.SLO, names.SERVICE, names.WINDOW}
_BY_HOUR = {
    names.EVENTS_BAD_COUNT: "events_bad",
    names.EVENTS_COUNT: "events",
    names.COVERAGE: "coverage",
}
_OF_OBJECTIVE = (names.OBJECTIVE, names.PERIOD, names.FINGERPRINT)

Name = tuple[str, str]
"""Of an objective: its slo and its service."""


@dataclass(frozen=True)
class Promise:
    """What an objective promised at an hour, as Prometheus has it."""

    target: str
    """Decimal: the shortest that is the same double."""
    period_seconds: int
    fingerprint: float | None


@dataclass
class Hours:
    """What full hours tell."""

    promises: dict[Name, dict[int, Promise]] = field(default_factory=dict)
    """By objective and hour, UNIX seconds."""
    cells: dict[str, tuple[Name, Mapping[str, str]]] = field(default_factory=dict)
    """The objective and the grouping labels of each cell, by its key."""
    values: dict[tuple[str, int], dict[str, float]] = field(default_factory=dict)
    """By cell's key and hour: columns of ``snapshots``."""


def hour_queries() -> tuple[str, ...]:
    """Return the selectors of what is read of an hour."""
    levels = (names.EVENTS_BAD_COUNT, names.EVENTS_COUNT, names.COVERAGE)
    return (
        *_OF_OBJECTIVE,
        names.BUDGET_REMAINING,
        *(f'{each}{{{names.WINDOW}!="5m"}}' for each in levels),
    )


def read_hours(series: Sequence[Series]) -> Hours:
    """Return what range queries at full hours tell, all of them together."""
    hours = Hours()
    constants: dict[Name, dict[str, dict[int, float]]] = {}
    for each in series:
        if each.labels.get("__name__") in _OF_OBJECTIVE:
            at = constants.setdefault(name_of(each), {}).setdefault(each.labels["__name__"], {})
            at.update(_points(each))
    for name, told in constants.items():
        hours.promises[name] = {
            at: Promise(
                repr(target),
                round(told[names.PERIOD][at]),
                told.get(names.FINGERPRINT, {}).get(at),
            )
            for at, target in sorted(told.get(names.OBJECTIVE, {}).items())
            if at in told.get(names.PERIOD, {})
        }
    for each in series:
        _add(hours, each)
    return hours


def _add(hours: Hours, series: Series) -> None:
    """Add a cell's series; one of another window than the hour's and the period's is passed by."""
    name, kind = name_of(series), series.labels.get("__name__", "")
    promises = hours.promises.get(name)
    if not promises or kind in _OF_OBJECTIVE:
        return
    key, labels = cell_of(series)
    hours.cells[key] = name, labels
    window = series.labels.get(names.WINDOW)
    for at, value in _points(series):
        promise = promises.get(at)
        if promise is None:
            continue
        row = hours.values.setdefault((key, at), {})
        if kind == names.BUDGET_REMAINING:
            row["budget_remaining"] = value
        elif window == "1h":
            row[_BY_HOUR[kind]] = value
        elif window == format_duration(promise.period_seconds):
            row[f"{_BY_HOUR[kind]}_of_period"] = value


def cell_of(series: Series) -> tuple[str, dict[str, str]]:
    """Return the key of the cell that a recorded series is of, and its grouping labels."""
    labels = {shortened(k): shortened(v) for k, v in series.labels.items() if k not in _OWN}
    return digest([*name_of(series), labels]), labels


def name_of(series: Series) -> Name:
    """Return which objective a recorded series is of."""
    return shortened(series.labels.get(names.SLO, "")), shortened(
        series.labels.get(names.SERVICE, "")
    )


def _points(series: Series) -> Iterator[tuple[int, float]]:
    for time_ms, value in zip(series.times_ms.tolist(), series.values.tolist(), strict=True):
        if value == value:  # noqa: PLR0124 - NaN says that nothing is known
            yield time_ms // 1000, value


def wanted_hours(
    asked: Sequence[int], first: int, now: float, late_seconds: float
) -> list[tuple[int, int]]:
    """Return stretches of full hours that nobody asked for yet: first and last, both included.

    Args:
        asked: hours that were, UNIX seconds.
        first: none before it is wanted.
        now: UNIX seconds.
        late_seconds: so long after an hour it is sure to be recorded.
    """
    known = set(asked)
    begin = -(-first // HOUR) * HOUR
    end = int((now - late_seconds) // HOUR) * HOUR
    stretches: list[tuple[int, int]] = []
    for at in range(begin, end + 1, HOUR):
        if at in known:
            continue
        if stretches and stretches[-1][1] == at - HOUR:
            stretches[-1] = stretches[-1][0], at
        else:
            stretches.append((at, at))
    return stretches
