"""Bars of the lab's figures: what each must be, and which are not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from demo.lab.markdown import table
from exporters.benching import Figure

BROKEN, NOT_MEASURED = "BROKEN", "NOT MEASURED"


@dataclass(frozen=True)
class Bar:
    """What a figure must be."""

    name: str
    """Of the figure."""
    direction: Literal["at most", "at least"]
    bar: float
    """In the figure's unit; it is kept by a value that is equal."""

    @property
    def said(self) -> str:
        """It in words."""
        return f"{self.direction} {self.bar:g}"

    def is_kept(self, value: float) -> bool:
        """Whether a value keeps it."""
        return value <= self.bar if self.direction == "at most" else value >= self.bar


BARS = (
    Bar("lab.faults_missed", "at most", 0),
    Bar("lab.unexpected_pages", "at most", 0),
    Bar("lab.pages_per_fault", "at most", 3),
    Bar("lab.false_pages", "at most", 0),
    Bar("lab.false_pages_of_clusters", "at most", 0),
    Bar("lab.page_over_theory_seconds", "at most", 60),
    Bar("lab.wrong_burns", "at most", 0),
    Bar("lab.stalled_group_seconds", "at most", 75),
    Bar("lab.lost_gpu_seconds", "at most", 45),
    Bar("lab.quiet_cell_seconds", "at most", 900),
    Bar("lab.snowball_lead_seconds", "at least", 120),
    Bar("lab.cause_lead_evaluations", "at least", 1),
    Bar("lab.storm_events", "at most", 5),
    Bar("lab.unfaithful_alerts", "at most", 0),
    Bar("dashboards.faults_not_shown", "at most", 0),
    Bar("dashboards.queries_failed_under_faults", "at most", 0),
    Bar("lab.minutes", "at most", 20),
)
"""Minutes are those of 2 cores; all else is virtual time. What is lost on the way to PagerDuty
(``pages.lost``) is measured with real Alertmanagers, by :mod:`alerts.bench`."""


def broken(figures: Sequence[Figure]) -> list[str]:
    """Return a sentence for each bar that is not kept, or whose figure was not measured."""
    return [
        f"{bar.name}: {what.lower()}: {said}, expected {bar.said}"
        for bar, what, said in _judged(figures)
        if what
    ]


def figure_blocks(figures: Sequence[Figure]) -> list[str]:
    """Return heading and table of all figures, those with bars first, in the bars' order."""
    barred = {bar.name: (said, bar.said, what or "kept") for bar, what, said in _judged(figures)}
    others = {each["name"]: (_said(each), "", "") for each in figures if each["name"] not in barred}
    rows = ((name, *cells) for name, cells in {**barred, **others}.items())
    return ["## Figures", table(("figure", "value", "bar", "verdict"), rows)]


def _judged(figures: Sequence[Figure]) -> Iterator[tuple[Bar, str, str]]:
    """Yield each bar, what is wrong with its figure (nothing if it is kept), and the figure."""
    by_name = {each["name"]: each for each in figures}
    for bar in BARS:
        found = by_name.get(bar.name)
        if found is None or found["value"] is None:
            yield bar, NOT_MEASURED, "no such figure" if found is None else _said(found)
        else:
            yield bar, "" if bar.is_kept(found["value"]) else BROKEN, _said(found)


def _said(found: Figure) -> str:
    if found["value"] is None:
        return str(found["reason"])
    return f"{found['value']:g} {found['unit']}"
