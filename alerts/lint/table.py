"""Every check of rules: its id, how grave it is, what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from exporters.problems import Problem

Severity = Literal["error", "warning", "info"]
"""An error keeps a rule from doing what it is for. A warning is for somebody to judge. An info
changes no exit code."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The gravest first."""


@dataclass(frozen=True)
class Check:
    """One thing that is looked at."""

    id: str
    """Stable: comments that suppress it and scripts name it."""
    severity: Severity
    about: str
    """What it finds and what that does to users, in a line."""


_CHECKS = (
    # --- alerts -------------------------------------------------------------------------------
    Check("alerts/clash", "error", "With `--with-ours`: an alert, a series or a group that "
          "shardwatch writes as well. Prometheus would have both, and nobody could tell whose "
          "one is."),
    Check("alerts/duplicate", "error", "Two rules of one name with the same labels, whose "
          "expressions differ in numbers at most: the alerts or series of one are taken for the "
          "other's."),
    Check("alerts/keep-firing", "info", "`keep_firing_for`, which vmalert up to 1.79 refuses, and "
          "Prometheus before 2.42."),
    Check("alerts/never-fires", "error", "An alert that nothing can make fire: two matchers that "
          "no series satisfies, a threshold beyond what the value can be, a burn above 1 / (1 - "
          "target), conditions that exclude each other, `absent` of what is always there, a `for` "
          "that outlasts its condition."),
    Check("alerts/no-summary", "warning", "An alert without the annotations summary or "
          "description: whoever is woken reads only its name."),
    Check("alerts/runbook", "warning", "An alert without the annotation runbook_url, or with one "
          "that is no URL. Of ours: with one that is not among the runbooks."),
    Check("alerts/severity", "warning", "An alert without the label severity, or with one that is "
          "not among the known: no route takes it to anybody."),
    Check("alerts/unexpected", "warning", "With `--scenarios`: an alert that no scenario expects, "
          "so that nobody has ever seen it fire. Those that always fire apart, and of ours those "
          "that no scenario can show (alerts/unseen.py)."),
    # --- labels -------------------------------------------------------------------------------
    Check("labels/lost", "error", "A template names a label that the expression's result cannot "
          "have: an aggregation dropped it, it is mistyped, or the rule sets it itself, which "
          "templates do not see. It is filled in as nothing."),
    Check("labels/overwritten", "error", "The rule sets a label that the expression's result has "
          "with several values: elements become one, and the whole rule fails (`vector contains "
          "metrics with the same labelset`)."),
    Check("labels/unbounded", "warning", "A label with as many values as there are users, requests "
          "or addresses: each is a series or an alert of its own."),
    Check("labels/value", "error", "A label of an alert has the value in it, or one that it asks "
          "the server for: with each change it is another alert, which never reaches its `for` and "
          "pages anew."),
    # --- PromQL -------------------------------------------------------------------------------
    Check("promql/counter", "warning", "The value of a known counter in place of its rate: all "
          "events since a process began."),
    Check("promql/few-samples", "warning", "A rate over fewer than 4 scrape intervals: one scrape "
          "that is late or lost leaves a gap."),
    Check("promql/gauge", "error", "The rate of a gauge, or of a recorded series: each fall counts "
          "as a restart."),
    Check("promql/label", "error", "A label is selected or grouped by that the series cannot have, "
          "or that is mistyped: nothing is selected, or all cells become one."),
    Check("promql/matching", "error", "Two sides of an operator that can never match: a label of "
          "which they must agree is on one of them only."),
    Check("promql/named-counter", "info", "The value of a series that is called as a counter is "
          "(`_total`), and is not known: some are gauges all the same."),
    Check("promql/no-samples", "error", "A rate over fewer than 2 scrape intervals: there is "
          "hardly ever one."),
    Check("promql/recorded", "warning", "A series with a recorded one's name (it has a colon) that "
          "none of the rules given records."),
    Check("promql/renamed", "warning", "A family that vLLM renamed or removed: newer engines do "
          "not serve it."),
    Check("promql/series", "error", "A series that does not exist: one with a name as ours have it "
          "that no exporter serves and no rule records; with `--prometheus` any that the server "
          "had no sample of within an hour."),
    Check("promql/syntax", "error", "An expression that is no PromQL: Prometheus refuses the whole "
          "file."),
    Check("promql/unknown", "info", "A series that is neither recorded by the rules given nor of "
          "anybody known: our exporters, vLLM, dcgm-exporter, routers, Prometheus, Alertmanager. "
          "`--prometheus` tells whether it exists."),
    # --- rules --------------------------------------------------------------------------------
    Check("rules/ignore", "warning", "A comment `shardwatch:ignore` that names no check, gives no "
          "reason, or suppresses nothing."),
    Check("rules/interval", "warning", "A group that is evaluated less often than every 2 minutes: "
          "alerts come so much later, and `for` counts in such steps."),
    Check("rules/template", "error", "A label or an annotation that is no template: Prometheus "
          "refuses the whole file."),
)  # fmt: skip

CHECKS: dict[str, Check] = {each.id: each for each in _CHECKS}
"""All of them by id."""


def severity_of(problem: Problem) -> Severity:
    """Return how grave a problem is. One that no check found kept something from being read."""
    check = CHECKS.get(problem.check)
    return "error" if check is None else check.severity


def must_be_mended(problems: Iterable[Problem]) -> bool:
    """Tell whether there is an error or a warning among problems."""
    return any(severity_of(each) != "info" for each in problems)
