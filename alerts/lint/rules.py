"""All rules that are looked at together, and what follows from them for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import promql_parser

from alerts.lint.families import labels_of
from alerts.lint.finding import Asking
from alerts.lint.label_sets import LabelSet
from alerts.lint.labels import LabelFlow
from alerts.lint.recorded import Recording, follow
from alerts.lint.values import ValueFlow
from exporters.problems import Problem
from slo.rule_reading.rules import Rule

SEVERITIES = ("critical", "error", "info", "none", "page", "ticket", "warning")
"""Severities that alerts have in public, and ours."""
USUAL_SCRAPE_INTERVAL_SECONDS = 15.0


@dataclass(frozen=True)
class Setting:
    """What rules are held against."""

    scrape_interval_seconds: float = USUAL_SCRAPE_INTERVAL_SECONDS
    severities: tuple[str, ...] = SEVERITIES
    expected: frozenset[str] | None = None
    """Alerts that scenarios expect; None where nobody asks."""
    with_ours: bool = False
    """Whether the rules are to be loaded beside shardwatch's."""
    target_labels: frozenset[str] | None = None
    """That scrapes attach to series besides ``job`` and ``instance``; None where nobody said."""
    served: frozenset[str] | None = None
    """Those names that a server has of all that the rules select; None where none is asked."""


@dataclass(frozen=True)
class Rules:
    """The rules, and what they are held against."""

    rules: Sequence[Rule]
    setting: Setting = field(default_factory=Setting)

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[Rule]]:
        """The rules that record, by what they record."""
        found: dict[str, list[Rule]] = defaultdict(list)
        for each in self.rules:
            if not each.is_alert:
                found[each.name].append(each)
        return found

    def alike(self, rule: Rule) -> Sequence[Rule]:
        """Return the rules of a rule's kind that have its name, in their order, itself included."""
        return self._by_kind[rule.is_alert, rule.name]

    @cached_property
    def _by_kind(self) -> Mapping[tuple[bool, str], Sequence[Rule]]:
        found: dict[tuple[bool, str], list[Rule]] = defaultdict(list)
        for each in self.rules:
            found[each.is_alert, each.name].append(each)
        return found

    @cached_property
    def labels(self) -> LabelFlow:
        """Labels of expressions."""
        others = partial(labels_of, target_labels=self.setting.target_labels)
        return follow(self._recordings, others)

    @cached_property
    def values(self) -> ValueFlow:
        """Values of expressions."""
        return ValueFlow(self._recordings)

    @cached_property
    def _recordings(self) -> list[Recording]:
        return [
            Recording(each.name, each.parsed.tree, each.labels)
            for each in self.rules
            if not each.is_alert and each.parsed.tree is not None
        ]

    def labels_of(self, tree: promql_parser.Expr) -> LabelSet | None:
        """Return the labels of an expression's elements."""
        return self.labels.of(tree)


Check = Callable[[Rule, Rules], Iterator[Problem]]
"""Yields what is wrong with a rule among others. It never prints."""
CheckAsking = Callable[[Asking, Rules], Iterator[Problem]]
"""Yields what is wrong with an expression, given the rules that there are. It never prints."""
