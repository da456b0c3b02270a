"""Which of the series that rules ask for a server has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerts.lint.label_sets import NAME
from alerts.lint.labels import name_of
from slo.prometheus import PrometheusClient
from slo.promql import selectors_in
from slo.rule_reading.rules import Rule

AT_ONCE = 100
"""Names in a question."""
LOOKED_BACK = "1h"
"""A series that had a sample within this exists."""


def names_asked_for(rules: Iterable[Rule]) -> list[str]:
    """Return the names of all series that rules select, sorted."""
    found = {
        name_of(selector)
        for rule in rules
        if rule.parsed.tree is not None
        for selector in selectors_in(rule.parsed.tree)
    }
    return sorted(each for each in found if each is not None)


async def served_names(prometheus: PrometheusClient, names: Sequence[str]) -> frozenset[str]:
    """Return those of these names of which a server has series.

    Raises:
        PrometheusError: if there is no answer, or the question is refused.
    """
    found: set[str] = set()
    for start in range(0, len(names), AT_ONCE):
        asked = "|".join(names[start : start + AT_ONCE])
        answer = await prometheus.query(
            f'group by ({NAME}) (last_over_time({{{NAME}=~"{asked}"}}[{LOOKED_BACK}]))'
        )
        found |= {each.labels.get(NAME, "") for each in answer}
    return frozenset(found)
