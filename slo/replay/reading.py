"""What a rule reads and what it writes: the selectors of its expression, the series of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import promql_parser

from slo import conventions
from slo.promql import children
from slo.promql_text import write_promql, write_selector
from slo.replay.label_templates import is_fixed
from slo.rule import AlertingRule, RecordingRule, Rule

_KNOWN_EXPRESSIONS = 4096
"""Of all rules, which several look at one after the other."""
NAME = "__name__"
ALERTS, ALERTS_FOR_STATE = "ALERTS", "ALERTS_FOR_STATE"
ALERTNAME, ALERTSTATE = conventions.ALERTNAME, "alertstate"


LOOKBACK_SECONDS = 300.0
"""So old may a newest sample be (Prometheus's ``--query.lookback-delta``)."""


class Depth(Enum):
    """Which samples of the series that it finds a selector can see."""

    NEWEST = "newest"
    """The newest one, and its value alone: then another sample of that value is as good."""
    PAST = "past"
    """Only those from before the moment itself: with an offset."""
    MANY = "many"
    """Several, or their times: in a range, a subquery, ``timestamp``."""


@dataclass(frozen=True)
class Read:
    """One selector of an expression."""

    name: str | None
    """Of the series; None if it may be any."""
    text: str
    """The selector as text, by which it is known in its expression."""
    matchers: tuple[tuple[str, promql_parser.MatchOp, str], ...]
    """Label, operator, value."""
    depth: Depth
    reach_seconds: float
    """How long before a moment a sample may be that it sees there."""

    def may_find(self, output: Output) -> bool:
        """Tell whether a series that a rule writes may be found; if in doubt, it may."""
        if self.name is not None and self.name != output.name:
            return False
        return all(_may_match(*each, output) for each in self.matchers)

    def finds(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a series with just these labels is found; if in doubt, it is."""
        none = dict.fromkeys((name for name, _, _ in self.matchers), "")
        return self.may_find(Output(labels[NAME], {**none, **labels}))


@dataclass(frozen=True)
class Output:
    """Series that a rule writes: what is known of their labels."""

    name: str
    labels: Mapping[str, str]
    """Those that all of them have; empty where none has it. Others may have any value."""

    @property
    def selector(self) -> str:
        """Return a selector of these series, and maybe of some of others."""
        return selector_of(self.name, self.labels)


def selector_of(name: str, labels: Mapping[str, str]) -> str:
    """Return the selector of series with a name and labels."""
    matchers = [
        promql_parser.Matcher(promql_parser.MatchOp.Equal, label, value)
        for label, value in sorted(labels.items())
    ]
    return write_selector(name, matchers)


@lru_cache(maxsize=_KNOWN_EXPRESSIONS)
def reads_of(expr: str) -> tuple[Read, ...]:
    """Return what an expression reads.

    Raises:
        ValueError: if it is no PromQL.
    """
    return tuple(_reads(promql_parser.parse(expr), Depth.NEWEST, LOOKBACK_SECONDS))


def outputs_of(rule: Rule) -> list[Output]:
    """Return what a rule writes."""
    if isinstance(rule, RecordingRule):
        return [Output(rule.record, rule.labels)]
    fixed = {name: value for name, value in rule.labels.items() if is_fixed(value)}
    labels = {**fixed, ALERTNAME: rule.alert}
    return [Output(ALERTS, labels), Output(ALERTS_FOR_STATE, labels)]


def name_of(rule: Rule) -> str:
    """Return what a rule records, or the name of its alert."""
    return rule.alert if isinstance(rule, AlertingRule) else rule.record


def is_told_its_moment(expr: str) -> bool:
    """Tell whether an expression has ``@ end()`` or ``@ start()``: each moment has its own."""
    return "@" in expr


def may_use_other_names(expr: str, reads: Iterable[Read]) -> bool:
    """Tell whether an expression gives the same with series of other names: it asks for none."""
    return NAME not in expr and all(each.name is not None for each in reads)


def with_names(expr: str, names: Mapping[str, str]) -> str:
    """Return an expression with selectors of series of other names.

    Args:
        expr: the expression.
        names: new name by the selector's text (:attr:`Read.text`).
    """

    def rewriting(node: promql_parser.Expr) -> str | None:
        if isinstance(node, promql_parser.VectorSelector) and (name := names.get(str(node))):
            return write_selector(name, node.matchers.matchers)
        return None

    return write_promql(promql_parser.parse(expr), rewriting)


def _reads(node: promql_parser.Expr, depth: Depth, reach: float) -> Iterator[Read]:
    offset = getattr(node, "offset", None)
    ago = offset.total_seconds() if offset is not None else 0.0
    is_past = depth is Depth.PAST or ago > 0
    reach += max(ago, 0.0)
    if isinstance(node, promql_parser.MatrixSelector):
        reach += node.range.total_seconds()
        yield from _reads(node.vector_selector, Depth.PAST if is_past else Depth.MANY, reach)
        return
    if isinstance(node, promql_parser.VectorSelector):
        matchers = tuple((each.name, each.op, each.value) for each in node.matchers.matchers)
        depth = Depth.PAST if is_past else depth
        yield Read(node.name or None, str(node), matchers, depth, reach)
        return
    has_times = isinstance(node, promql_parser.Call) and node.func.name == "timestamp"
    if isinstance(node, promql_parser.SubqueryExpr):
        has_times = True
        reach += node.range.total_seconds() if node.range is not None else 0.0
    inner = Depth.PAST if is_past else Depth.MANY if has_times else depth
    for child in children(node):
        yield from _reads(child, inner, reach)


def _may_match(name: str, op: promql_parser.MatchOp, value: str, output: Output) -> bool:
    found = output.name if name == NAME else output.labels.get(name)
    if found is None:
        return True
    if op == promql_parser.MatchOp.Equal:
        return found == value
    if op == promql_parser.MatchOp.NotEqual:
        return found != value
    try:
        matches = re.fullmatch(value, found) is not None
    except re.error:  # Go knows what Python does not
        return True
    return matches is bool(op == promql_parser.MatchOp.Re)
