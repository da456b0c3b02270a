"""What leads to alerts: the rules that they depend on, and the series that those find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from slo.replay.moments import timed
from slo.replay.ordering import Finder, place
from slo.replay.reading import NAME, Read, reads_of
from slo.rule import AlertingRule, RuleGroup


def leading_to_alerts(groups: Sequence[RuleGroup], also: Iterable[str] = ()) -> list[RuleGroup]:
    """Return groups with the rules alone that alert, or that alerts read through others.

    Replayed, they give the same alerts as all rules do.

    Args:
        groups: of rules; those of which nothing is left are left out.
        also: PromQL that is asked beside the alerts: what it reads is kept, too.

    Raises:
        ValueError: if one of ``also`` is no PromQL.
    """
    rules = place(timed(groups))
    find = Finder(rules)
    found = {at for at, each in enumerate(rules) if isinstance(each.rule, AlertingRule)}
    found |= {at for expr in also for read in reads_of(expr) for at in find(read)}
    left = list(found)
    while left:
        read = {at for each in rules[left.pop()].reads for at in find(each)}
        left += read - found
        found |= read
    places = {rules[at].place for at in found}
    kept = [
        replace(
            group,
            rules=tuple(rule for at, rule in enumerate(group.rules) if (number, at) in places),
        )
        for number, group in enumerate(groups)
    ]
    return [each for each in kept if each.rules]


class Found:
    """Tells of series whether any of some expressions finds them; if in doubt, one does.

    Args:
        expressions: PromQL.

    Raises:
        ValueError: if one is no PromQL.
    """

    def __init__(self, expressions: Iterable[str]) -> None:
        reads: dict[tuple[str | None, str], Read] = {}
        for each in dict.fromkeys(expressions):
            for read in reads_of(each):
                before = reads.setdefault((read.name, read.text), read)
                if read.reach_seconds > before.reach_seconds:
                    reads[read.name, read.text] = read
        self._by_name: dict[str | None, list[Read]] = {}
        for read in sorted(reads.values(), key=lambda each: -each.reach_seconds):
            self._by_name.setdefault(read.name, []).append(read)
        self._known: dict[frozenset[tuple[str, str]], float | None] = {}

    def __contains__(self, labels: Mapping[str, str]) -> bool:
        """Tell of a series by its labels, ``__name__`` among them."""
        return self.reach_seconds(labels) is not None

    def reach_seconds(self, labels: Mapping[str, str]) -> float | None:
        """Return how long before a moment a sample may be that is seen there; None if none is."""
        key = frozenset(labels.items())
        if key not in self._known:
            farthest = (
                next((each for each in self._by_name.get(name, ()) if each.finds(labels)), None)
                for name in (labels[NAME], None)
            )
            self._known[key] = max(
                (each.reach_seconds for each in farthest if each is not None), default=None
            )
        return self._known[key]
