"""The labels of recorded series: each rule's result and its own labels, followed to the end.

Rules read what others record, or what they recorded themselves. All begin as recording nothing and
grow until nothing changes; what still grows then (it could not, but for a mistake of ours) is taken
for unknown.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import promql_parser

from alerts.lint.label_sets import ANYTHING, LabelSet
from alerts.lint.labels import LabelFlow, name_of
from slo.promql import selectors_in

MOST_VISITS = 50
"""Of a rule; a label is added or lost at each."""


@dataclass(frozen=True)
class Recording:
    """A rule that records: the name, the expression, the labels that it sets."""

    name: str
    tree: promql_parser.Expr
    labels: Mapping[str, str]


def with_rule_labels(found: LabelSet, labels: Mapping[str, str]) -> LabelSet:
    """Return the labels of what a rule makes: its own stand above the expression's."""
    for name, value in labels.items():
        if value:
            found = found.with_label(name, is_sure=True, constant=value)
        else:
            found = found.without_label(name)
    return found


def follow(
    recordings: Sequence[Recording], others: Callable[[str], Sequence[LabelSet]]
) -> LabelFlow:
    """Return the flow of labels where these rules record.

    Args:
        recordings: the rules.
        others: the labels of series that none of them records.
    """
    by_name: dict[str, list[int]] = defaultdict(list)
    readers: dict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(recordings):
        by_name[each.name].append(index)
        for selector in selectors_in(each.tree):
            if (name := name_of(selector)) is not None:
                readers[name].append(index)
    found: list[LabelSet | None] = [None] * len(recordings)

    def labels_of(name: str) -> Sequence[LabelSet]:
        if name not in by_name:
            return others(name)
        return [each for index in by_name[name] if (each := found[index]) is not None]

    flow = LabelFlow(labels_of)
    visits = [0] * len(recordings)
    waiting = deque(range(len(recordings)))
    while waiting:
        index = waiting.popleft()
        visits[index] += 1
        rule = recordings[index]
        result = flow.of(rule.tree)
        new = None if result is None else with_rule_labels(result, rule.labels)
        if visits[index] > MOST_VISITS:
            new = ANYTHING
        if new != found[index]:
            found[index] = new
            waiting.extend(each for each in readers[rule.name] if each not in waiting)
    return flow
