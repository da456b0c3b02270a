"""What a review shows of its figures, and in which order: the worst first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slo.review import wording
from slo.review.figures import NOT_TOLD
from slo.review.report_formats import line
from slo.review.waterfall import waterfall

DIMENSIONS = ("cause", "region", "model", "tier", "revision")
_VERDICTS = ("missed", "unknown", "met", "idle")
_WORDS = (
    "attained", "count", "duration", "moment", "percent", "place", "points", "share_of", "target",
    "verdict",
)  # fmt: skip
QUIET_BELOW = 0.75
"""An objective that is met, and has spent less of its budget, is folded."""


@dataclass(frozen=True)
class Glance:
    """A review in a line."""

    objectives: int
    met: int
    least_left: float | None
    """Share of a budget; None where none is known."""
    least_of: str
    """Which objective it is of."""
    unknown: float
    """The largest share of the period of which nothing is known."""
    incidents: int
    pages: int
    open_actions: int
    carried_over: int


def report_content(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the templates of a report need."""
    return {
        **{name: getattr(wording, name) for name in _WORDS},
        "f": figures,
        "glance": glance(figures),
        "objectives": by_trouble(figures["objectives"]),
        "incidents": {str(each["number"]): each for each in figures["incidents"]},
        "waterfall": waterfall,
        "is_quiet": is_quiet,
        "dimensions": DIMENSIONS,
        "told_apart": told_apart,
        "line": line,
    }


def glance(figures: Mapping[str, Any]) -> Glance:
    """Return what is said first of a review."""
    objectives = figures["objectives"]
    known = [(each["left"], each["slo"]) for each in objectives if each["left"] is not None]
    left, slo = min(known, default=(None, ""))
    open_actions = [each for each in figures["actions"] if not each["closed"]]
    return Glance(
        len(objectives),
        sum(each["verdict"] == "met" for each in objectives),
        left,
        slo,
        max((each["unknown"] for each in objectives), default=0.0),
        len(figures["incidents"]),
        figures["alerts"]["pages"],
        len(open_actions),
        sum(each["carried_over"] for each in open_actions),
    )


def by_trouble(objectives: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return objectives in the order in which they are to be talked about."""
    return sorted(
        objectives,
        key=lambda each: (_VERDICTS.index(each["verdict"]), -(each["spent"] or 0.0), each["slo"]),
    )


def told_apart(shares: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether shares by a label say anything: not where nothing has it."""
    return any(each["name"] != NOT_TOLD for each in shares)


def is_quiet(objective: Mapping[str, Any]) -> bool:
    """Tell whether nothing needs to be said of an objective: it may be folded."""
    is_met = objective["verdict"] in ("met", "idle")
    return (
        is_met and (objective["spent"] or 0.0) < QUIET_BELOW
        and not objective["spent_by"]["incident"] and not objective["changed_targets"]
    )  # fmt: skip
