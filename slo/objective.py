"""What an objective is once it has been read: the one shape that rules, alerts and panels take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from exporters.problems import Problem
from slo.burn import Tier
from slo.windows import read_tiers

BASE_WINDOW = "$window"
"""Stands in expressions where the rules put their base window: ``rate(requests_total[$window])``.
"""


@dataclass(frozen=True)
class Ratio:
    """Bad or good events out of all of them. Exactly one of ``bad`` and ``good`` is given.

    Each is an expression of events per second, one element for each series of a cell, which the
    rules sum by the grouping labels: ``rate(requests_total{outcome="error"}[$window])``. Made of
    queries by :func:`slo.spec.queries.events_per_second`.
    """

    total: str
    bad: str | None = None
    good: str | None = None

    @property
    def expressions(self) -> tuple[str, ...]:
        """Return all of them, the total first."""
        return tuple(each for each in (self.total, self.bad, self.good) if each is not None)


@dataclass(frozen=True)
class RawRatio:
    """A share of good or bad events that somebody else computed, from 0 to 1.

    No traffic is known, so every moment weighs the same: one event a second for each cell.
    """

    share: str
    """An expression; may have :data:`BASE_WINDOW`. Averaged over the series of a cell."""
    is_good: bool

    @property
    def expressions(self) -> tuple[str, ...]:
        """Return it."""
        return (self.share,)


@dataclass(frozen=True)
class Threshold:
    """A value that is good while it compares: each series of a cell is one event a second."""

    value: str
    """An expression; may have :data:`BASE_WINDOW`."""
    op: Literal["<", "<=", ">", ">="]
    bound: Decimal

    @property
    def expressions(self) -> tuple[str, ...]:
        """Return it."""
        return (self.value,)


Indicator = Ratio | RawRatio | Threshold

Traffic = Literal["steady", "bursty", "none"]
"""How a cell's events come; if bursty, they may stop at any time, and of none nobody is missed."""


@dataclass(frozen=True)
class Slices:
    """Time in slices that are judged one by one; each slice is one event.

    OpenSLO's budgeting methods Timeslices (with ``target``) and RatioTimeslices (without).
    """

    window_seconds: int
    """Aligned to multiples of itself since 1970, UTC."""
    target: Decimal | None
    """A slice is good if this share of its events is, above 0, up to 1. If None, a slice is as bad
    as the share of its events that are."""
    idle_is_good: bool = False
    """Whether a slice in which there were no events, but could have been seen, counts as good. If
    not, it does not count at all."""
    fewest_events: int = 0
    """A slice with fewer is one without events: whatever a share of so few says is chance, or what
    is no user's."""


@dataclass(frozen=True)
class Calendar:
    """Periods that begin when a calendar says so, each with a budget of its own."""

    unit: Literal["week", "month", "quarter", "year"]
    count: int
    """How many of them a period lasts, at least 1."""
    start: str
    """When one period began, local: ``2026-01-01 00:00:00``."""
    zone: str
    """IANA's name of the time zone: ``America/New_York``."""


@dataclass(frozen=True)
class AlertExtras:
    """What the burn alerts of one severity carry because users want it there, beside our own."""

    severity: str
    """``conventions.PAGE`` or ``conventions.TICKET``."""
    labels: tuple[tuple[str, str], ...] = ()
    """Names and values, sorted. None is a grouping label, nor one that rules or alerts add."""
    annotations: tuple[tuple[str, str], ...] = ()
    """Names and values, sorted; templates as Prometheus knows them. They stand in place of ours
    where they have the same name, such as ``summary``."""


@dataclass(frozen=True)
class Objective:
    """One promise: the share of good events, for each set of grouping labels, over a period."""

    name: str
    """Unique among all objectives: the label ``slo``."""
    service: str
    target: Decimal
    """Above 0, exactly as it was written. Below 1, or 1 for zero tolerance: there is no budget."""
    period_seconds: int
    """Whole hours. Of a calendar's periods, a nominal length: 7, 30, 91 or 365 days."""
    grouping_labels: tuple[str, ...]
    """Each set of their values is a cell with a budget of its own. May be empty: one cell."""
    indicator: Indicator
    slices: Slices | None = None
    """If None, events are budgeted as they occur."""
    calendar: Calendar | None = None
    """If None, the period rolls."""
    tiers: tuple[Tier, ...] = field(default_factory=read_tiers)
    """Of burn alerts, the fastest first. May be empty: no burn alerts."""
    has_chosen_tiers: bool = False
    """Whether its author chose them. Of the default ones those that cannot fire are left out."""
    minimum_bad_events: int = 0
    """A tier does not fire below as many bad events over its long window."""
    names_causes: bool | None = None
    """Whether its alerts name causes that shardwatch watches for; if None, those over series of
    shardwatch's or of the engines do. A lost GPU explains nothing of a shop's checkout."""
    traffic: Traffic = "steady"
    """Whether users are missed when no events come."""
    alert_extras: tuple[AlertExtras, ...] = ()
    """At most one of each severity, the page's first."""
    title: str = ""
    """For people; the name where none is given."""
    description: str = ""
    owner: str = ""
    file: str = ""
    """Where it was written, as its user calls it (``library:chat``), for headers and problems."""
    line: int = 0
    """Of its name in the file."""
    column: int = field(default=0, compare=False)
    """Of its name in the line, from 1; 0 where it is not known."""
    notes: tuple[Problem, ...] = field(default=(), compare=False)
    """What its file asks for and the rules do not do, though they can do without; and what was
    taken to be meant. To be told."""

    @property
    def budget(self) -> Decimal:
        """Return the share of events that may be bad: 1 - target, exactly."""
        return 1 - self.target

    def extras(self, severity: str) -> AlertExtras:
        """Return what its burn alerts of a severity carry beside our own; it may be nothing."""
        return next(
            (each for each in self.alert_extras if each.severity == severity),
            AlertExtras(severity),
        )

    @property
    def is_zero_tolerance(self) -> bool:
        """Return whether no event at all may be bad: then there is no budget and no burn rate."""
        return self.target == 1

    @property
    def windows(self) -> tuple[int, ...]:
        """Return every window that burn rates are taken over, in seconds, sorted.

        None where there is no budget to burn.
        """
        if self.is_zero_tolerance:
            return ()
        return tuple(sorted({window for tier in self.tiers for window in _windows(tier)}))


def _windows(tier: Tier) -> Iterator[int]:
    yield tier.long_seconds
    yield tier.short_seconds
