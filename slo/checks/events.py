"""Bad or good events that are not among all events, so that their ratio is no share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import promql_parser

from exporters.problems import Problem
from slo.checks.finding import finding, sides
from slo.checks.labels import matches
from slo.objective import Objective, Ratio
from slo.promql import selectors

_SUFFIXES = ("_bucket", "_count", "_sum")
_PLAIN = re.compile(r"[\w \-/:]*")
_OF_VALUES = promql_parser.MatchOp.Equal, promql_parser.MatchOp.Re


def check_events(objective: Objective) -> Iterator[Problem]:
    """Yield values of labels that count as bad or good events, and not among all of them.

    Only where both are one selector of one family each, and for values that stand in them.
    """
    if not isinstance(objective.indicator, Ratio):
        return
    parts = sides(objective)
    total = selectors(parts.pop("total"))
    for side, expression in parts.items():
        part = selectors(expression)
        if len(total) == len(part) == 1 and _family(total[0]) == _family(part[0]):
            for label, values in _outside(part[0], total[0]):
                yield finding(
                    objective,
                    "bad-outside-total",
                    f"{side} counts {label}={values}, which total does not: there may be more "
                    f"{side} events than events",
                    "let total select all that is selected here",
                )


def _family(selector: promql_parser.VectorSelector) -> str:
    name = selector.name or ""
    suffix = next((each for each in _SUFFIXES if name.endswith(each)), "")
    return name.removesuffix(suffix)


def _outside(
    part: promql_parser.VectorSelector, total: promql_parser.VectorSelector
) -> Iterator[tuple[str, str]]:
    for label in sorted({each.name for each in total.matchers.matchers} - {"le"}):
        of_total, of_part = _matchers(total, label), _matchers(part, label)
        if not of_part:
            if any(each.op in _OF_VALUES for each in of_total):
                yield label, "anything"
            continue
        candidates = {value for each in (*of_total, *of_part) for value in _values(each)}
        outside = sorted(
            value
            for value in candidates
            if all(matches(each, value) for each in of_part)
            and not all(matches(each, value) for each in of_total)
        )
        if outside:
            yield label, ", ".join(f'"{each}"' for each in outside)


def _matchers(
    selector: promql_parser.VectorSelector, label: str
) -> Sequence[promql_parser.Matcher]:
    return [each for each in selector.matchers.matchers if each.name == label]


def _values(matcher: promql_parser.Matcher) -> Iterator[str]:
    """Yield the values that a matcher names: ``error`` and ``timeout`` of ``error|timeout``."""
    if matcher.op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual):
        yield matcher.value
    else:
        yield from (each for each in matcher.value.split("|") if _PLAIN.fullmatch(each))
