"""Rule groups of a limited size: Mimir takes 20 rules a group, unless told otherwise.

Groups are evaluated beside each other, in no order. What a part reads of another one is therefore
at most one interval old, and that must not make it wrong. So what a group says is inseparable stays
together: the base of an objective and the counts made of its newest samples, all at one timestamp.
Of the rest it is only cut where it must be, first before the alerts: burn rates and the budget are
sums of what is recorded, a state reads its own value from before, and an alert is late by one
interval for each cut between it and the base, at most three.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from slo.rule import Rule, RuleGroup

FEWEST = 9
"""The most rules that are inseparable in any objective; less is no limit that can be kept."""


def limit_groups(groups: Iterable[RuleGroup], most: int) -> list[RuleGroup]:
    """Return the groups, those of more than ``most`` rules in parts: ``NAME``, ``NAME-2``, ...

    Raises:
        ValueError: if ``most`` is less than :data:`FEWEST`, or than what is inseparable.
    """
    found = list(groups)
    fewest = max((FEWEST, *(each.inseparable for each in found)))
    if most < fewest:
        raise ValueError(f"found {most} rules a group, expected at least {fewest}")
    return [part for group in found for part in _limit(group, most)]


def _limit(group: RuleGroup, most: int) -> Iterator[RuleGroup]:
    parts: list[tuple[Rule, ...]] = [()]
    for piece in _pieces(group, most):
        if len(parts[-1]) + len(piece) <= most:
            parts[-1] += piece
        else:
            parts.append(piece)
    for number, rules in enumerate(parts, start=1):
        name = group.name if number == 1 else f"{group.name}-{number}"
        yield replace(group, name=name, rules=rules, seams=())


def _pieces(group: RuleGroup, most: int) -> Iterator[tuple[Rule, ...]]:
    """Yield what is between seams, and in parts what is more than may be together.

    What is inseparable stands at the beginning and is no more than may be: it is never cut.
    """
    for start, end in pairwise((0, *group.seams, len(group.rules))):
        for begin in range(start, end, most):
            yield group.rules[begin : min(begin + most, end)]
