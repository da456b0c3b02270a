"""Labels that are grouped or selected by, and the series that have them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import promql_parser

from exporters.catalog import FAMILIES
from exporters.problems import Problem
from slo.checks.finding import finding, sides
from slo.objective import BASE_WINDOW, Objective
from slo.promql import selectors
from slo.sloth.cells import Labels, result_labels

OF_TARGETS = Labels({"instance", "job"})
"""What Prometheus adds to every series that it scrapes."""


def check_labels(objective: Objective) -> Iterator[Problem]:
    """Yield the labels that an objective is grouped by, or selects by, and its series lack.

    Only where they are known: of our own families, and of what is aggregated by labels.
    """
    for side, expression in sides(objective).items():
        tree = promql_parser.parse(expression.replace(BASE_WINDOW, "1m"))
        labels = result_labels(tree, labels_of)
        if labels is not None:
            yield from _check_grouping(objective, side, labels)
        for selector in selectors(expression):
            yield from _check_matchers(objective, side, selector)


def labels_of(selector: promql_parser.VectorSelector) -> Labels | None:
    """Return the labels that the series of one of our families can have; None of others."""
    name = selector.name or ""
    base, _, suffix = name.rpartition("_")
    family = FAMILIES.get(name)
    if family is None and suffix in ("bucket", "count", "sum"):
        family = FAMILIES.get(base)
        if family is not None and family.kind != "histogram":
            return None
    if family is None:
        return None
    of_buckets = {"le"} if name.endswith("_bucket") else set()
    return OF_TARGETS | set(family.labels) | of_buckets


def _check_grouping(objective: Objective, side: str, labels: Labels) -> Iterator[Problem]:
    missing = [each for each in objective.grouping_labels if each not in labels]
    if missing:
        yield finding(
            objective,
            "label-missing",
            f"grouped by {', '.join(missing)}, which {side} does not carry: it has "
            f"{', '.join(sorted(labels)) or 'no labels'}",
            "correct shardwatch.dev/grouping-labels, or let the query keep the label",
        )


def _check_matchers(
    objective: Objective, side: str, selector: promql_parser.VectorSelector
) -> Iterator[Problem]:
    labels = labels_of(selector)
    if labels is None:
        return
    for each in selector.matchers.matchers:
        if each.name not in labels and not matches(each, ""):
            yield finding(
                objective,
                "label-missing",
                f"{side} selects {selector.name} by {each.name}, which it does not have: it has "
                f"{', '.join(sorted(labels))}",
                "correct the query",
            )


def matches(matcher: promql_parser.Matcher, value: str) -> bool:
    """Tell whether a matcher takes a value of its label; a label that is not there is empty.

    Regular expressions as Python reads them; one that it cannot is taken to match everything.
    """
    op = matcher.op
    if op == promql_parser.MatchOp.Equal:
        return bool(matcher.value == value)
    if op == promql_parser.MatchOp.NotEqual:
        return bool(matcher.value != value)
    try:
        found = re.fullmatch(matcher.value, value) is not None
    except (re.error, RecursionError):
        return True
    return found if op == promql_parser.MatchOp.Re else not found
