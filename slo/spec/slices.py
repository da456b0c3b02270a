"""Time slices of OpenSLO's budgeting methods Timeslices and RatioTimeslices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporters.documents import Document, Place
from exporters.durations import format_duration
from exporters.problems import Problem
from slo.objective import Objective, Slices
from slo.rules import base_window_seconds
from slo.spec.annotations import annotation_key
from slo.spec.openslo import Slo, Target
from slo.spec.pool import Written

SHORTEST_SECONDS = 60
"""The shortest base window, whatever the scrape interval."""


_ANNOTATIONS = {
    "idle_slices": "what idle slices count",
    "minimum_slice_events": "the fewest events of a slice",
}
"""Of slices alone, and what they say."""


@dataclass
class SlicesReader:
    """Makes slices, and keeps what is wrong with them."""

    problems: list[Problem] = field(default_factory=list)

    def read(self, written: Written[Slo], index: int, period_seconds: int) -> Slices | None:
        """Return the slices of an SLO's objective; None where there are none, or are wrong."""
        slo, document = written.object, written.document
        target, place = slo.spec.objectives[index], ("spec", "objectives", index)
        method = slo.spec.budgeting_method
        if method == "Occurrences":
            self._refuse(document, place, target, ("timeSliceTarget", "timeSliceWindow"), method)
            self.problems += [
                document.problem(
                    ("metadata", "annotations", annotation_key(name)),
                    f"found {what}, of an SLO that has no slices",
                    "remove it, or set budgetingMethod: Timeslices",
                )
                for name, what in _ANNOTATIONS.items()
                if getattr(slo.metadata.annotations, name)
            ]
            return None
        if method == "RatioTimeslices":
            self._refuse(document, place, target, ("timeSliceTarget",), method)
        elif target.time_slice_target is None:
            self._missing(document, (*place, "timeSliceTarget"), "the share", "0.95", method)
        window = target.time_slice_window
        if window is None:
            self._missing(document, (*place, "timeSliceWindow"), "the length", "5m", method)
            return None
        if not SHORTEST_SECONDS <= window <= period_seconds:
            self.problems.append(
                document.problem(
                    (*place, "timeSliceWindow"),
                    f"found slices of {format_duration(window)}, expected a length from "
                    f"{format_duration(SHORTEST_SECONDS)}, below which no events are told apart, "
                    f"to the period of {format_duration(period_seconds)}",
                    "take 1m or more",
                )
            )
        annotations = slo.metadata.annotations
        return Slices(
            window,
            target.time_slice_target,
            idle_is_good=annotations.idle_slices == "good",
            fewest_events=annotations.minimum_slice_events,
        )

    def _refuse(
        self, document: Document, place: Place, target: Target, names: Iterable[str], method: str
    ) -> None:
        values = {
            "timeSliceTarget": target.time_slice_target,
            "timeSliceWindow": target.time_slice_window,
        }
        self.problems += [
            document.problem(
                (*place, name),
                f"found {name}, which budgetingMethod {method} has no use for",
                "remove it, or set budgetingMethod: Timeslices",
            )
            for name in names
            if values[name] is not None
        ]

    def _missing(
        self, document: Document, place: Place, what: str, example: str, method: str
    ) -> None:
        of = "good events of a good slice" if what == "the share" else "a slice"
        self.problems.append(
            document.problem(
                place,
                f"missing, expected {what} of {of}, such as {example}, for budgetingMethod is "
                f"{method}",
                "add it",
            )
        )


def wrong_slices(
    objectives: Iterable[Objective], scrape_interval_seconds: float
) -> Iterator[Problem]:
    """Yield the objectives whose slices cannot be judged at a scrape interval.

    A slice holds whole samples, and as long a time as each sample's rate is taken over.
    """
    base = base_window_seconds(scrape_interval_seconds)
    interval = format_duration(scrape_interval_seconds)
    for objective in objectives:
        if objective.slices is None:
            continue
        seconds = objective.slices.window_seconds
        found = f"found slices of {format_duration(seconds)}"
        if seconds < base:
            yield _problem(
                objective,
                f"{found}, expected {format_duration(base)} at least, the window of rates at a "
                f"scrape interval of {interval}",
                "take longer slices, or scrape more often",
            )
        elif seconds * 1000 % round(scrape_interval_seconds * 1000):
            yield _problem(
                objective,
                f"{found}, expected a multiple of the scrape interval of {interval}",
                "change the length of the slices",
            )


def _problem(objective: Objective, message: str, fix: str) -> Problem:
    place = objective.file, objective.line, objective.column
    return Problem(*place, objective.name, message, fix, "slices-unfit")
