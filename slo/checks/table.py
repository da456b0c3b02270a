"""Every check of objectives: its id, how grave it is, when it is made, what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from exporters.problems import Problem
from slo import doubts

Severity = Literal["error", "warning"]
"""An error keeps an objective from doing what it promises. A warning is for somebody to judge."""

Stage = Literal["reading", "file", "server"]
"""``reading``: what is found is refused, and nothing is made of it. ``file``: needs no server.
``server``: asks the Prometheus that has the series."""


@dataclass(frozen=True)
class Check:
    """One thing that is looked at."""

    id: str
    """Stable: scripts may look for it."""
    severity: Severity
    stages: tuple[Stage, ...]
    about: str
    """What it finds and what that does to users, in a line."""


_CHECKS = (
    # --- refused ------------------------------------------------------------------------------
    Check("no-budget", "error", ("reading",), "A target of 100 % leaves no budget that could "
          "burn; zero tolerance must be asked for."),
    Check("label-overwritten", "error", ("reading",), "A label that rules or alerts set is "
          "grouped by, or a label for alerts is one that is grouped by: cells would lose their "
          "alerts to each other."),
    Check("equal-series", "error", ("reading",), "Two objectives, of one file or of two, would "
          "record the same series."),
    Check("bound-missing", "error", ("reading", "server"), "A latency threshold is no bound of "
          "the histogram: of our own families as the catalogue has them, of all others as each "
          "engine serves them. Nothing is ever counted in a bucket that is not there. Or there is "
          "no single one: several buckets count an event several times."),
    Check("template-broken", "error", ("reading",), "A label or an annotation for alerts is no "
          "template that Prometheus can parse: it would refuse all rules for it."),
    Check("slices-unfit", "error", ("reading",), "Time slices that are shorter than the window of "
          "rates, or no multiple of the scrape interval."),
    # --- tiers --------------------------------------------------------------------------------
    Check("tier-cannot-fire", "error", ("file",), "A tier of burn alerts that was chosen needs "
          "more errors than an outage makes, or more bad events than its window can hold."),
    Check("tier-outlasts-period", "error", ("file",), "A tier that was chosen looks back longer "
          "than the period of the budget."),
    Check("default-tier-left-out", "warning", ("file",), "A tier that nobody chose could never "
          "fire, or looks back longer than the period. It is left out."),
    Check("tier-fires-on-one-slice", "warning", ("file",), "One bad time slice is enough for a "
          "tier: each wakes somebody."),
    Check("burn-escapes", "warning", ("file",), "A burn above 1, which exhausts the budget before "
          "the period ends, that no tier catches."),
    Check("slice-spends-budget", "warning", ("file",), "One bad time slice spends more than the "
          "whole budget of the period."),
    Check("slice-smeared", "warning", ("file",), "Time slices of few windows of rates: what is bad "
          "at the end of one counts in the next one too."),
    # --- indicators ---------------------------------------------------------------------------
    Check("label-missing", "error", ("file", "server"), "A label is grouped or selected by that "
          "the series do not carry: all cells become one, or nothing is selected."),
    Check("series-unknown", "error", ("file",), "A series with the name of ours that no exporter "
          "serves and no rule records."),
    Check("bound-not-of-vllm", "warning", ("file",), "A latency threshold is no bound of the "
          "histogram in vLLM 0.32, where bounds are fixed."),
    Check("part-is-total", "error", ("file",), "Bad or good events are all events, so that nothing "
          "that happens changes their ratio."),
    Check("not-a-counter", "error", ("file",), "The rate of a series that counts nothing up: a "
          "gauge of ours, or what a rule records."),
    Check("counter-as-value", "error", ("file",), "The value of a counter of ours in place of its "
          "rate: all events since its exporter began."),
    Check("bucket-as-bad", "warning", ("file",), "A histogram's bucket, which holds the fast "
          "events, counts as bad."),
    Check("bad-outside-total", "warning", ("file",), "Bad or good events that are not among all "
          "events: the ratio is no share."),
    Check("first-event-missed", "warning", ("file",), "No event may be bad, and the one that a "
          "series is born with could not be seen."),
    *(Check(name, "warning", ("file",), about) for name, about in doubts.WARNINGS.items()),
    Check("service-undefined", "warning", ("file",), "An SLO names a service, and there is no "
          "Service of any name. Where there are some, that is an error."),
    Check("counter-assumed", "warning", ("file",), "A ratio does not say whether its series count "
          "up; their names do."),
    Check("not-translated", "warning", ("file",), "The file asks for something that the rules do "
          "not do, and can do without."),
    # --- the server ---------------------------------------------------------------------------
    Check("window-longer-than-retention", "error", ("file", "server"), "Prometheus forgets before "
          "the period ends, so that the budget is never known."),
    Check("series-missing", "error", ("server",), "No series has the name or the labels that an "
          "indicator asks for, or none has had a sample for 5 minutes."),
    Check("bad-series-missing", "warning", ("server",), "No series of bad events is there: they "
          "may be born with the first error, or the label's value is never used."),
    Check("part-exceeds-total", "error", ("server",), "Far more bad or good events than events are "
          "counted now: the ratio is no share, and all is good, or bad, for ever."),
    Check("expression-empty", "error", ("server",), "The series are there, and what the rules "
          "record of them is nothing."),
    Check("scrape-interval-too-long", "error", ("server",), "Series have fewer than two samples "
          "in the base window, so that there is no rate."),
    Check("scrape-interval-differs", "warning", ("server",), "Series have samples at a longer "
          "interval than the rules are made for: rates are rougher than they need be."),
    Check("query-refused", "error", ("server",), "The server refused to answer a question about "
          "an objective."),
)  # fmt: skip

CHECKS: dict[str, Check] = {each.id: each for each in _CHECKS}
"""All of them by id."""


def severity_of(problem: Problem) -> Severity:
    """Return how grave a problem is. One that no check found kept something from being read."""
    check = CHECKS.get(problem.check)
    return "error" if check is None else check.severity


def has_errors(problems: Iterable[Problem], *, strict: bool = False) -> bool:
    """Tell whether there is an error among problems, or anything at all where it is ``strict``."""
    return any(strict or severity_of(each) == "error" for each in problems)
